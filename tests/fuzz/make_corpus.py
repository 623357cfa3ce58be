#!/usr/bin/env python3
"""Writes the inputs that match_fuzz starts from: the cases of tests/rules/cases, one file each.

    tests/fuzz/make_corpus.py FOLDER
"""

import hashlib
import json
import pathlib
import re
import sys

CASES = pathlib.Path(__file__).resolve().parents[1] / "rules" / "cases"


def member_text(line, case, name):
    """The member as it stands in the line, so that numbers keep their spelling, or NAME_text."""
    if f"{name}_text" in case:
        return case[f"{name}_text"]
    start = re.search(rf'"{name}": (?=\{{)', line)
    if not start:
        return ""
    _, end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(line, start.end())
    return line[start.end():end]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            try:
                case = json.loads(line)
            except ValueError:  # an event that is no JSON, on purpose
                continue
            if "note" in case:
                continue
            text = f"{member_text(line, case, 'pattern')}\0{member_text(line, case, 'event')}"
            data = text.encode(errors="surrogatepass")
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
            count += 1
    print(f"{count} cases")


if __name__ == "__main__":
    main()
