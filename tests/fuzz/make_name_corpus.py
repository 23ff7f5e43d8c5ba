"""Writes the seeds of fuzz_name: names of every form of the grammar. Usage: make_name_corpus.py [folder]"""
import pathlib
import sys

NAMES = """\
VCUBE:DGG
VCUBE:refs.json
VCUBE:"a:b/refs.json":/group/array
VCUBE:https://host/refs.json:/sst:time=[3]
VCUBE:"refs.json":/sst:time=2023-04-01T12:00:00Z,level=850
VCUBE:"refs.json":/sst:time~2023-04-03T11:00,lat~47.1
VCUBE:"refs.json":/sst:time=2023-04-01/2023-06-30,level=850,500
VCUBE:"refs.json":/a,/b,/c:time=[2:5,-1,::-2]
VCUBE:"refs.json":/a:time=[0],/b:time=[1]
VCUBE:"refs.json":/"a,b:c=d":name="x,y","p\\"q"
VCUBE:"refs.json":time=[0]
time=2000-02,level=0.1/
name=Kiel
VCUBE:"refs.json":/a:b\\   :
"""

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "name")
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES.splitlines()):
        (folder / f"{number:02}").write_text(name)
