"""Writes the seeds of fuzz_filter: texts of every form of the grammar. Usage: make_filter_corpus.py [folder]"""
import pathlib
import sys

FILTERS = """\
RFI_Prob<0.1,Soil_Moisture_DQX<0.07
Science_Flags&FL_SNOW_MIX==0
Science_Flags & (FL_FROST | FL_ICE | 0x10) != 0 AND Days >= -2
Confidence_Flags&2|4 == 2 && Chi_2_P <= +1e-1
Kind == SEA and Kind != ICE
A=1
A&1
A<
"""

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "filter")
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(FILTERS.splitlines()):
        (folder / f"{number:02}").write_text(text)
