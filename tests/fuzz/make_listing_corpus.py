"""Writes the seeds of fuzz_listing: lists, times, steps, patterns. Usage: make_listing_corpus.py [folder]"""
import pathlib
import sys

SOIL = "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1"
OCEAN = "SM_REPR_MIR_OSUDP2_20110102T235502_20110103T004820_671_012_0"
SEEDS = [f"\ufeff# week\r\n\r\n{SOIL}.nc\r\n../a/{SOIL}.nc.json.gz\r\n", f"location,size\n\"b/{OCEAN}.nc\",1\n{OCEAN}.json;2\n",
         f"https://h/{SOIL}.nc?sig=1\ns3://b/{SOIL}.nc\nfile:///d/{SOIL}.nc\n/d/{SOIL}.nc", f"{SOIL}.nc\n{OCEAN}.nc\nother.nc\n",
         "2023-04-01/2023-04-30", "2024-02-29T15:06:13.25Z", "../2023", "3DAY", f"/a/**/{SOIL[:12]}*/[a-c]?.nc\n/a/b/c/d.nc",
         "**/a/**/b/**/c\na/b/a/b/c"]

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "listing")
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        (folder / f"{number:02}").write_bytes(seed.encode())
