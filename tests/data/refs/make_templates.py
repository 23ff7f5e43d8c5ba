#!/usr/bin/python3
"""Writes templates.json beside this script: what jinja2 makes of templates, and what fsspec's ReferenceFileSystem makes of
reference documents with "templates" and "gen" (simple_templates=False).

    tests/data/refs/make_templates.py
"""
import json
import pathlib

import fsspec
import jinja2

# Rendered with i=7, j=-3, n=0, x=2.5, s='abc', y='2023', b=True, big=9007199254740993.
EXPRESSIONS = r"""
i || i + 1 || (i + 1) * 1000 || i * 1000 + j || i - j || i // 2 || j // 2 || i % 3 || j % 3 || j % -2 || i / 2
8 / 2 || 1 / 3 || 2 ** 10 || 2 ** 3 ** 2 || -2 ** 2 || 2 ** -1 || -i || +i || - - i || 1_000 + 1 || 0x1f || 0o17
0b101 || 0 || 00 || 1.5 || 1e3 || 1.5e-7 || 1e16 || 123456789012345680.0 || 0.1 + 0.2 || 1e22 || 5e-324 || 1.0
x || x * 2 || x // 1 || -x // 1 || x % 2 || -x % 2 || 7.0 // 2 || 1 if i > 3 else 2 || 'a' if n else 'b'
'a' if s else 'b' || 'a' if 0 || i > 3 and j < 0 || n or 'z' || not n || not i > 3 || 1 < i < 9 || 1 < i < 5
i == 7.0 || i != 7 || b == 1 || s == 'abc' || s < 'abd' || 'b' in s || 'z' not in s || i in [1, 7] || i in (1, 2)
s in ['abc'] || big || big + 1 || big == 9007199254740992.0 || big > 9007199254740992.0 || s ~ i || s ~ i + 1
s ~ i ~ '.nc' || 1 ~ 2 || s + 'x' || s * 2 || 3 * 'ab' || 'a' 'b' || "q'q" || 'q\'q' || 'tab\tx' || '\x41\u00e9'
s[0] || s[-1] || s[1:] || s[:2] || s[0:1] || s[-2:] || s[5:] || ['jan', 'feb'][1] || (1, 2)[0] || y[2:] ~ '-' ~ s
'%d' % i || '%02d' % i || '%05d' % j || '%-5d|' % i || '%+d' % i || '% d' % i || '%x' % 255 || '%X' % 255
'%#x' % 255 || '%o' % 8 || '%s' % i || '%5s' % s || '%-5s|' % s || '%.2s' % s || '%f' % x || '%.1f' % x
'%08.3f' % x || '%e' % x || '%g' % 0.0001 || '%G' % 1e-10 || '%%' % () || '%d%%' % i || '%d_%d' % (i, j)
'%s/%04d.nc' % (s, i) || '%d' % x || '%i' % i || '%s' % x || '%s' % b || 'slab_%d.bin' % i || '{}'.format(i)
'{:02d}'.format(i) || '{0}_{1}_{0}'.format(i, s) || '{a}-{b:03}'.format(a=1, b=2) || '{:x}'.format(255)
'{:#X}'.format(255) || '{:,}'.format(1234567) || '{:_}'.format(1234567) || '{:>5}'.format(i) || '{:*^7}'.format(i)
'{:<5}|'.format(s) || '{:5}|'.format(s) || '{:5}|'.format(i) || '{:+d}'.format(i) || '{:05d}'.format(j)
'{:.2f}'.format(x) || '{:.1%}'.format(0.25) || '{:e}'.format(x) || '{{}}'.format() || '{!s:>4}'.format(i)
'{:.2}'.format(s) || '{:6}'.format(x) || '{:é>4}'.format(i) || '{:b}'.format(5) || '{:_b}'.format(255)
i | string || i | string ~ 'x' || '12' | int || '12.7' | int || 'x' | int || 'x' | int(5) || 'ff' | int(base=16)
x | int || '2.5' | float || i | float || s | upper || 'ABC' | lower || s || upper || lower || '%02d' | format(i)
'%s-%d' | format(s, i) || missing | default('d') || missing | d(1) || n | default(5) || n | default(5, true)
'' | default('e', boolean=True) || s | replace('b', '-') || s.replace('b', '--') || ' a ' | trim || s | length
'é' | length || j | abs || -i | abs || 2 ** 3 | string || s.upper() || 'ABC'.lower() || (i | string).zfill(3)
'-5'.zfill(4) || '%s' % 'x'.rjust(3) || 'x'.ljust(3, '.') ~ '|' || ' x '.strip() || i is defined
missing is defined || missing is not defined || missing is undefined || none || None || True || b + 1 || -b
true and 0 || [] or 'empty' || () and 1 || u || u ~ '/x' || f(c='text') || f(c=i) || g(a=i, b='z') || g(a=1)
f(c='%03d' % i) || 'http://' ~ u || f(c=f(c='in')) || day(m='01') || opt() || opt(m='05') || i + || i i || (i
1 +* 2 || 'abc || 1 / 0 || 1 % 0 || 1 // 0 || s + 1 || 1 + s || s - s || s < 1 || '%d' % s || '%d' || '%d %d' % i
'%d' % (1, 2) || '%q' % 1 || '{}'.format() || '{:d}'.format(s) || '{0'.format(1) || s[9] || i[0] || missing + 1
i() || u() || missing() || f(1, 2) || s | nosuchfilter || i is nosuchtest || j ** 0.5 || 007 || i..j
'{:.2d}'.format(i) || 'x'.zfill() || -s || s % 1
""".strip().splitlines()

TEXTS = ["plain", "", "a{{ i }}b{{j}}c", "{{i}}{{i}}", "{{- i -}}", " x {{- i -}} y ", " x {{ i }} y ", "{# note #}a{{ i }}", "a {#- note -#} b", "line\n", "line\n\n", "a\r\nb{{ i }}\r\n",
         "{single} {{ i }}", "}} {{ i }}", "{{ '}}' }}", "{{ '{{' }}", "{{ (i) }}", "{{ [i][0] }}", "{{\n i\n}}", "{{ i", "{{ }}", "{{ i }} }}", "x{", "{{ i }}{", "s3://é/{{ s }}", "{{'{:02d}'.format(i)}}", "{{s}}.{{'%02d'%i}}"]

CONTEXT = {"i": 7, "j": -3, "n": 0, "x": 2.5, "s": "abc", "y": "2023", "b": True, "big": 9007199254740993}
TEMPLATES = {"u": "server.domain/path", "f": "{{c}}", "g": "{{a}}/{{ b }}", "day": "d/{{ '%s' % m }}/x.nc", "opt": "2023{{ m | default('04') }}"}

DOCUMENTS = [
    # The example of the specification.
    {"version": 1, "templates": {"u": "server.domain/path", "f": "{{c}}"},
     "gen": [{"key": "gen_key{{i}}", "url": "http://{{u}}_{{i}}", "offset": "{{(i + 1) * 1000}}", "length": "1000", "dimensions": {"i": {"stop": 5}}}],
     "refs": {"key0": "data", "key1": ["http://target_url", 10000, 100], "key2": ["http://{{u}}", 10000, 100], "key3": ["http://{{f(c='text')}}", 10000, 100]}},
    {"version": 1, "templates": {"day": "s3://b/2023{{m}}01.nc", "root": "s3://b"}, "refs": {"a/0": ["{{day(m='01')}}", 1, 2], "a/1": ["{{ day(m='0' ~ 2) }}", 5, 6], "a/2": ["{{root}}/x", 0, 9], "a/3": ["{{ root }}"]}},
    {"version": 1, "templates": {"u": "raw"}, "refs": {"t/0": "x"},
     "gen": [{"key": "t/{{a}}.{{b}}.{{c}}", "url": "{{u}}/{{ ['p', 'q'][c] }}_{{ '%02d' % a }}.bin", "offset": "{{ a * 1000 + b // 2 }}", "length": "{{ 10 + b % 3 }}",
              "dimensions": {"a": {"start": 10, "stop": 0, "step": -4}, "b": {"start": -2, "stop": 7, "step": 3}, "c": [0, 1]}},
             {"key": "w/{{ n | lower }}", "url": "{{u}}/{{n}}.bin", "dimensions": {"n": ["A", "B"]}}]},
    # The later of equal keys counts; an empty dimension makes nothing; no dimension makes one.
    {"version": 1, "templates": {}, "refs": {"k/0": ["first", 1, 2], "k/1": ["stays", 3, 4]},
     "gen": [{"key": "k/{{ i // 2 }}", "url": "f{{i}}", "dimensions": {"i": {"stop": 2}}}, {"key": "e/{{i}}", "url": "e", "dimensions": {"i": []}},
             {"key": "e/{{i}}", "url": "e", "dimensions": {"i": {"start": 3, "stop": 3}}}, {"key": "one/0", "url": "only", "offset": " 7 ", "length": "1_000", "dimensions": {}}]},
    {"version": 1, "templates": {"f": "{{base}}/{{'%04d' % (y - 1)}}{{ext}}"}, "refs": {"a/0": ["{{ f(base='s3://b', y=2023, ext='.nc') }}", 0, 1], "a/1": ["{{ f(base='s3://b', y=2023) }}", 0, 1]}},
    {"version": 1, "refs": {"a/0": ["no{{templates}}", 0, 1]}},
]

BAD_DOCUMENTS = [
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a/{{i}}", "url": "u", "offset": "1", "dimensions": {"i": [1]}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a/{{i}}", "url": "u", "offset": "{{ i / 2 }}", "length": "1", "dimensions": {"i": [2]}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a/{{i}}", "url": "u", "dimensions": {"i": {"start": 1}}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a/{{i}}", "url": "u", "dimensions": {"i": {"stop": 1, "step": 0}}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a/{{i}}", "url": "u", "dimensions": {"i": {"stop": 1.5}}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"url": "u", "dimensions": {"i": [1]}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a", "dimensions": {"i": [1]}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a", "url": "u"}]},
    {"version": 1, "templates": {"i": "x"}, "refs": {}, "gen": [{"key": "a", "url": "u", "dimensions": {"i": [1]}}]},
    {"version": 1, "templates": {}, "refs": {}, "gen": [{"key": "a/{{ i + }}", "url": "u", "dimensions": {"i": [1]}}]},
]


def callables():
    return {k: (lambda temp=v, **kwargs: jinja2.Template(temp).render(**kwargs)) if "{{" in v else v for k, v in TEMPLATES.items()}


def rendered(text):
    try:
        return {"template": text, "expected": jinja2.Template(text).render(**CONTEXT, **callables())}
    except Exception:  # whatever Python or jinja2 raises: an error is the expectation
        return {"template": text, "expected": None}


def references(document):
    try:
        return dict(fsspec.filesystem("reference", fo=document, simple_templates=False, remote_protocol="file").references)
    except Exception:
        return None


cases = [case for line in EXPRESSIONS for case in line.split(" || ")]
texts = ["{{ " + case + " }}" for case in cases] + TEXTS
documents = [{"document": json.dumps(d), "expected": references(d)} for d in DOCUMENTS]
assert all(d["expected"] is not None for d in documents)
bad = [json.dumps(d) for d in BAD_DOCUMENTS]
assert all(references(json.loads(d)) is None for d in bad)
out = {"context": CONTEXT, "templates": TEMPLATES, "cases": [rendered(text) for text in texts], "documents": documents, "bad": bad}
pathlib.Path(__file__).with_name("templates.json").write_text(json.dumps(out, indent=1) + "\n")
