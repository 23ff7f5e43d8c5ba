"""What the scripts here share: cases of chain_test.cpp as JSON lines."""
import base64
import json
import pathlib
import zlib

import numpy as np


class Cases(list):
    def add(self, name, encoded, decoded, filters=None, compressor=None, dtype=None, **others):
        """decoded: an array; its values are expected in native byte order. dtype: as stored, else that of decoded."""
        dtype = np.dtype(dtype or decoded.dtype)
        values = np.ascontiguousarray(decoded).astype(decoded.dtype.newbyteorder("="))
        raw = values.tobytes()
        case = {"name": name, "filters": filters, "compressor": compressor, **others,
                "dtype": json.loads(json.dumps(dtype.descr)) if dtype.names else dtype.str, "elements": int(values.size),
                "encoded": base64.b64encode(bytes(encoded)).decode()}
        packed = zlib.compress(raw, 9)
        if len(packed) < len(raw) // 2 and len(raw) > 200:
            case["decoded_zlib"] = base64.b64encode(packed).decode()
        else:
            case["decoded"] = base64.b64encode(raw).decode()
        self.append(case)

    def add_strings(self, name, encoded, strings, **others):
        self.append({"name": name, **others, "dtype": "|O", "elements": len(strings),
                     "encoded": base64.b64encode(bytes(encoded)).decode(),
                     "strings": [base64.b64encode(s).decode() for s in strings]})

    def write(self, script):
        out = pathlib.Path(script).with_name(pathlib.Path(script).stem.replace("make_", "") + ".json")
        lines = ",\n".join(json.dumps({k: v for k, v in case.items() if v is not None}, separators=(",", ":"))
                           for case in self)
        out.write_text("[\n" + lines + "\n]\n")
        print(len(self), "cases,", out.stat().st_size, "bytes")
