#!/usr/bin/env python3
"""Prints rules/case_table.inc: the lower and upper case of every character of the basic plane.

    python3 rules/generate_case_table.py > rules/case_table.inc

The Unicode version is that of the Python that runs it.
"""
import unicodedata


def simple_mappings():
    """(code point, lower delta, upper delta) where both are one character, and the others."""
    simple, special = [], []
    for code_point in range(0x80, 0x10000):
        if 0xD800 <= code_point < 0xE000:
            continue
        char = chr(code_point)
        lower, upper = char.lower(), char.upper()
        if lower == char and upper == char:
            continue
        if len(lower) == 1 and len(upper) == 1:
            simple.append((code_point, ord(lower) - code_point, ord(upper) - code_point))
        else:
            special.append((code_point, lower, upper))
    return simple, special


def ranges(simple):
    """Runs of characters with the same deltas, one or two apart."""
    runs = []
    for code_point, lower, upper in simple:
        for run in reversed(runs[-2:]):
            first, last, stride, run_lower, run_upper = run
            gap = code_point - last
            if (run_lower, run_upper) == (lower, upper) and gap in (1, 2) and stride in (0, gap):
                run[1], run[2] = code_point, gap
                break
        else:
            runs.append([code_point, code_point, 0, lower, upper])
    return runs


def literal(text):
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'


def main():
    simple, special = simple_mappings()
    print("// clang-format off")
    print(f"// Written by rules/generate_case_table.py from Unicode {unicodedata.unidata_version}.")
    print("constexpr CaseRange case_ranges[] = {")
    for first, last, stride, lower, upper in ranges(simple):
        print(f"    {{0x{first:04X}, 0x{last:04X}, {max(stride, 1)}, {lower}, {upper}}},")
    print("};")
    print("constexpr SpecialCase special_cases[] = {")
    for code_point, lower, upper in special:
        print(f"    {{0x{code_point:04X}, {literal(lower)}, {literal(upper)}}},")
    print("};")


if __name__ == "__main__":
    main()
