#!/usr/bin/env python3
"""Writes files of rules and events, the same on every machine: bench/compare-rules uses them.

    gen_workload.py DIRECTORY [--only GROUP]... [--rules-max N] [--events-max N]

NAME.rules.jsonl has one {"id": ..., "pattern": {...}} a line, NAME.events.jsonl one event. The
first N lines of a file of rules make a set of N rules that resembles a real one of that size.

    group     rules                  over events  what they are
    commerce  commerce      100,000  commerce     every operator, $or
              commerce_q    100,000  commerce     without suffix, numeric, cidr and $or
    exact     exact         100,000  commerce     values only
    wildcard  wildcard        1,000  commerce     most begin with an asterisk
              wildcard_lit    1,000  commerce     each begins with a literal
    numeric   numeric        10,000  commerce     ranges
    many      many_matches    1,000  commerce     every rule matches every event
    weak      weak           10,000  weak         one source and detail-type, one weak predicate
    items     items           1,000  items        three fields of one of an event's 20 items
    city      city_*           5-70  city         five rules an operator, and all of them together
"""

import argparse
import hashlib
import itertools
import json
import pathlib

import city
import commerce
import items
from rng import Rng

COMMERCE_EVENT_COUNT = 20000
CITY_EVENT_COUNT = 50000
ITEMS_EVENT_COUNT = 5000


def commerce_files():
    yield "commerce.rules", 100000, 2001, lambda rng, i: commerce.rule(rng, i, False)
    yield "commerce_q.rules", 100000, 2002, lambda rng, i: commerce.rule(rng, i, True)


def exact_files():
    yield "exact.rules", 100000, 3001, lambda rng, _: commerce.exact_rule(rng)


def wildcard_files():
    yield ("wildcard.rules", 1000, 4001,
           lambda rng, _: commerce.wildcard_rule(rng, commerce.open_wildcards))
    yield ("wildcard_lit.rules", 1000, 4002,
           lambda rng, _: commerce.wildcard_rule(rng, commerce.literal_wildcards))


def numeric_files():
    yield "numeric.rules", 10000, 5001, lambda rng, _: commerce.numeric_rule(rng)


def many_files():
    yield "many_matches.rules", 1000, 7001, commerce.all_matching_rule


def weak_files():
    yield "weak.rules", 10000, 8001, commerce.weak_rule
    yield ("weak.events", COMMERCE_EVENT_COUNT, 8002,
           lambda rng, _: commerce.event(rng, commerce.WEAK_KIND))


def items_files():
    yield "items.rules", 1000, 9001, lambda rng, _: items.rule(rng)
    yield "items.events", ITEMS_EVENT_COUNT, 9002, lambda rng, _: items.event(rng)


def event_files():
    yield "commerce.events", COMMERCE_EVENT_COUNT, 1001, lambda rng, _: commerce.event(rng)


def city_files():
    yield "city.events", CITY_EVENT_COUNT, 6001, lambda rng, _: city.event(rng)
    for name, rules in city.rules().items():
        yield f"city_{name}.rules", len(rules), 0, lambda _, i, rules=rules: rules[i]


# group -> the files: (name, count of lines, seed, line i)
GROUPS = {"events": event_files, "commerce": commerce_files, "exact": exact_files,
          "wildcard": wildcard_files, "numeric": numeric_files, "many": many_files,
          "weak": weak_files, "items": items_files, "city": city_files}


def write(path, values):
    digest = hashlib.sha256()
    count = 0
    with open(path, "wb") as file:
        for value in values:
            line = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
            file.write(line)
            digest.update(line)
            count += 1
    print(f"{path.name:<45} {count:>7} lines {path.stat().st_size:>10} bytes  "
          f"sha256 {digest.hexdigest()[:16]}", flush=True)


def lines(name, count, seed, make):
    rng = Rng(seed)
    for i in range(count):
        value = make(rng, i)
        yield {"id": f"r{i}", "pattern": value} if name.endswith(".rules") else value


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP",
                        help=f"one of {', '.join(GROUPS)}; may be given more than once")
    parser.add_argument("--rules-max", type=int, help="lines in a file of rules, at most")
    parser.add_argument("--events-max", type=int, help="lines in a file of events, at most")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    for group in arguments.only or GROUPS:
        for name, count, seed, make in GROUPS[group]():
            most = arguments.rules_max if name.endswith(".rules") else arguments.events_max
            write(arguments.directory / f"{name}.jsonl",
                  itertools.islice(lines(name, count, seed, make), most))


if __name__ == "__main__":
    main()
