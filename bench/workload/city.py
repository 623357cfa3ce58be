"""Parcels of a city with their outlines, in the form of GeoJSON, and five rules an operator.

Made up, in the form that the benchmarks of other matchers use, so that figures can be compared.
"""

from rng import word

STREETS = [
    "JEFFERSON", "BEACH", "HYDE", "CHESTNUT", "FULTON", "MASON", "ACTON", "BLANCHE", "BLAKE",
    "DRUMM", "RHODE ISLAND", "CRANLEIGH", "GREENWICH", "TURK", "CABRILLO", "FILLMORE", "FOLSOM",
    "FOERSTER", "MISSION", "MARKET", "VALENCIA", "GUERRERO", "DOLORES", "CHURCH", "SANCHEZ", "NOE",
    "CASTRO", "DIAMOND", "WASHINGTON", "JACKSON", "PACIFIC", "BROADWAY", "VALLEJO", "GREEN",
    "UNION", "FILBERT", "LOMBARD", "FRANCISCO", "BAY", "NORTH POINT", "IRVING", "JUDAH", "KIRKHAM",
    "LAWTON", "MORAGA", "NORIEGA", "ORTEGA", "PACHECO", "QUINTARA", "RIVERA", "SANTIAGO",
    "TARAVAL", "ULLOA", "VICENTE", "WAWONA", "YORBA", "SLOAT", "BALBOA", "ANZA", "GEARY",
    "CLEMENT", "CALIFORNIA", "LAKE"]
STREETS += ["%d%s" % (i, {1: "ST", 2: "ND", 3: "RD"}.get(i, "TH")) for i in range(1, 49)]
STREETS += [word(i * 71 + 8000).upper() for i in range(900)]
KNOWN_X = -122.42916360922355  # the rules ask for it
MIDDLE_X = -122.41600944012424


def lot(rng):
    block = "%04d" % rng.between(1, 7500)
    block += "ABC"[rng.below(3)] if rng.chance(1, 20) else ""
    number = "%03d" % rng.between(1, 220)
    map_lot = block + number
    block_lot = map_lot if rng.chance(3, 4) else block + "%03d" % rng.between(1, 220)
    if rng.chance(1, 5000):
        map_lot = block_lot = "VACSTWIL"
    return {"MAPBLKLOT": map_lot, "BLKLOT": block_lot, "BLOCK_NUM": block, "LOT_NUM": number}


def street_kind(rng):
    if rng.chance(546, 1000):
        return "ST"
    if rng.chance(1, 150):
        return None
    return rng.choice(["AVE", "AVE", "DR", "BLVD", "WAY", "TER", "CT", "PL", "LN"])


def outline(rng):
    x = -122.51 + rng.below(1 << 40) / float(1 << 40) * 0.13
    y = 37.708 + rng.below(1 << 40) / float(1 << 40) * 0.1

    def point():
        return {"x": x + (rng.below(1 << 30) - (1 << 29)) / 2.0**41,
                "y": y + (rng.below(1 << 30) - (1 << 29)) / 2.0**41, "z": 0}

    if rng.chance(1, 1000):
        x = KNOWN_X
    points = [point() for _ in range(rng.choice([5, 5, 5, 6, 7, 9, 12, 20]))]
    points.append(dict(points[0]))
    if rng.chance(1, 2000):
        points[0]["x"] = KNOWN_X
    return points


def event(rng):
    properties = lot(rng)
    street = rng.choice(STREETS[:110]) if rng.chance(2, 5) else rng.choice(STREETS)
    first = rng.between(1, 4000)
    kind = street_kind(rng)
    points = outline(rng)
    is_multi = rng.chance(6, 10000)
    properties |= {"FROM_ST": str(first), "TO_ST": str(first + 2 * rng.below(4)),
                   "STREET": street, "ST_TYPE": kind, "ODD_EVEN": "EO"[first & 1]}
    return {"type": "Feature", "properties": properties,
            "geometry": {"type": "MultiPolygon" if is_multi else "Polygon",
                         "coordinates": [[points]] if is_multi else [points],
                         "firstCoordinates": points[0]}}


def over(fields, values):
    """Rules over one field of the properties, or over one each."""
    fields = [fields] * len(values) if isinstance(fields, str) else fields
    return [{"properties": {field: [value]}} for field, value in zip(fields, values)]


def each(operator, values):
    return [{operator: value} for value in values]


def over_points(name, conditions):
    """Rules over coordinates: (type or None, axis, numeric)."""
    return [{"geometry": ({"type": [kind]} if kind else {}) | {name: {axis: each("numeric",
                                                                                 [numeric])}}}
            for kind, axis, numeric in conditions]


def anything_but(values):
    fields = ["STREET", "STREET", "ST_TYPE", None, "FROM_ST"]
    return [{"properties": {field: [{"anything-but": value}]}} if field else
            {"geometry": {"type": [{"anything-but": value}]}}
            for field, value in zip(fields, values)]


def rules():
    """The sets of rules by name, in the order of their files."""
    wildcards = ["143*", "2*0*1*7", "*218", "3*5*2", "VA*IL"]
    ends = ["ON", "KE", "MM", "ING", "GO"]
    mixed_ends = ["oN", "Ke", "mM", "InG", "gO"]
    sides = [(None, "x", ["<", MIDDLE_X]), (None, "x", [">", MIDDLE_X]),
             (None, "x", [">", -122.46471267081272, "<", -122.4063085128395])]
    known = ("Polygon", "x", ["=", KNOWN_X])
    words = ["FULTON", "MASON", "ST", "Polygon", "441"]
    sets = {
        "EXACT": over("MAPBLKLOT", ["1430022", "2607117", "2607218", "3745012", "VACSTWIL"]),
        "WILDCARD": over("MAPBLKLOT", each("wildcard", wildcards)),
        "PREFIX": over("STREET", each("prefix", ["AC", "BL", "DR", "FU", "RH"])),
        "PREFIX_EIC": over("STREET", each("prefix", each("equals-ignore-case",
                                                         ["Ac", "bL", "dR", "Fu", "rH"]))),
        "SUFFIX": over("STREET", each("suffix", ends)),
        "SUFFIX_EIC": over("STREET", each("suffix", each("equals-ignore-case", mixed_ends))),
        "EQUALS_IGNORE_CASE": over(["STREET"] * 4 + ["ST_TYPE"],
                                   each("equals-ignore-case", ["jefferson", "bEaCh", "HyDe",
                                                               "CHESTNUT", "st"])),
        "NUMERIC": over_points("firstCoordinates",
                               [known, ("MultiPolygon", "z", ["=", 0])] + sides),
        "COMPLEX_ARRAYS": over_points(
            "coordinates", [known, ("MultiPolygon", "y", ["=", 37.729900216217324])] + sides),
        "ANYTHING_BUT": anything_but([[text] for text in words]),
        "ANYTHING_BUT_IGNORE_CASE": anything_but(
            each("equals-ignore-case", [["Fulton"], ["Mason"], ["st"], ["polygon"], ["441"]])),
        "ANYTHING_BUT_PREFIX": anything_but(each("prefix", ["FULTO", "MASO", "S", "Poly", "44"])),
        "ANYTHING_BUT_SUFFIX": anything_but(
            each("suffix", ["ULTON", "ASON", "T", "olygon", "41"])),
        "ANYTHING_BUT_WILDCARD": over("MAPBLKLOT", each("anything-but",
                                                        each("wildcard", wildcards)))}
    everything = sum(sets.values(), [])
    sets["PARTIAL_COMBO"] = sum((made for name, made in sets.items()
                                 if name not in ("NUMERIC", "COMPLEX_ARRAYS")), [])
    sets["COMBO"] = everything
    # Without what some matchers lack.
    sets["Q_COMBO"] = (sets["EXACT"] + sets["WILDCARD"] + sets["PREFIX"] +
                       over("STREET", each("wildcard", ["*" + end for end in ends])) +
                       sets["EQUALS_IGNORE_CASE"] + sets["ANYTHING_BUT"])
    return sets
