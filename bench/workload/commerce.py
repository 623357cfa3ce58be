"""The events of a shop, and rules over them: what a busy bus of a company might carry."""

from rng import SYLLABLES, put, word

TYPES = [("com.acme.orders", "OrderPlaced"), ("com.acme.orders", "OrderCancelled"),
         ("com.acme.orders", "OrderUpdated"), ("com.acme.payments", "PaymentAuthorized"),
         ("com.acme.payments", "PaymentCaptured"), ("com.acme.payments", "PaymentFailed"),
         ("com.acme.payments", "RefundIssued"), ("com.acme.inventory", "StockReserved"),
         ("com.acme.inventory", "StockReleased"), ("com.acme.inventory", "StockLow"),
         ("com.acme.shipping", "ShipmentDispatched"), ("com.acme.shipping", "ShipmentDelivered")]
REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1",
           "ap-south-1", "ap-northeast-1"]
TIERS = ["bronze", "silver", "gold", "platinum"]
CHANNELS = ["web", "mobile", "store", "partner", "phone"]
METHODS = ["card", "wallet", "invoice", "transfer"]
PROVIDERS = ["stripe", "adyen", "paypal", "worldpay", "klarna", "square", "braintree", "checkout"]
STATUSES = ["created", "pending", "confirmed", "failed", "shipped", "delivered", "returned",
            "cancelled"]
CURRENCIES = ["USD", "EUR", "GBP", "JPY"]
CARRIERS = ["ups", "fedex", "dhl", "usps", "gls"]
COUNTRIES = ["US", "CA", "MX", "BR", "AR", "GB", "IE", "FR", "DE", "NL", "BE", "ES", "PT", "IT",
             "CH", "AT", "PL", "SE", "NO", "DK", "FI", "IN", "JP", "KR", "SG", "AU", "NZ", "ZA",
             "AE", "IL"]
CATEGORIES = ["ELEC", "BOOK", "TOYS", "HOME", "GARD", "SPRT", "AUTO", "FOOD", "BABY", "PETS",
              "MUSC", "GAME", "TOOL", "SHOE", "BAGS", "JEWL", "BEAU", "OFFC", "HLTH", "KTCH"]
DOMAINS = [word(i * 37 + 400) + [".com", ".org", ".net", ".io", ".co.uk"][i % 5]
           for i in range(500)]
TAGS = ["tag-" + word(i * 13 + 20) for i in range(200)]
TENANT_COUNT, CUSTOMER_COUNT, SKU_COUNT, ACCOUNT_COUNT, WAREHOUSE_COUNT = (
    10000, 50000, 20000, 100, 200)


def tenant(i):
    return "t-%05d" % i


def customer(i):
    return "c-%06d" % i


def sku(i):
    return "SKU-%s-%05d" % (CATEGORIES[i % 20], i)


def account(i):
    return "%012d" % (100000000000 + i * 7919)


def warehouse(i):
    return "WH-%s-%03d" % (["NYC", "SFO", "AMS", "FRA"][i % 4], i)


def uuid(rng):
    digits = "%016x%016x" % (rng.bits(), rng.bits())
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20],
                     digits[20:32]))


def money(cents):
    return cents / 100.0  # json.dumps writes the shortest form


# ---- events ----

def order(rng, tenant_number):
    order_id = "ORD-%05d-%06d" % (tenant_number, rng.below(1000000))
    items = []
    for _ in range(rng.between(1, 3)):
        number = rng.below(SKU_COUNT)
        items.append({"sku": sku(number), "qty": rng.between(1, 9),
                      "price": money(rng.between(99, 99999))})
    return order_id, items, money(rng.between(100, 500000))


def detail_of_source(rng, source, items, total):
    if source == "com.acme.payments":
        return "payment", {"method": rng.choice(METHODS), "provider": rng.choice(PROVIDERS),
                           "amount": total, "risk": rng.between(0, 999),
                           "bin": "%06d" % rng.between(400000, 559999)}
    if source == "com.acme.inventory":
        return "stock", {"warehouse": warehouse(rng.below(WAREHOUSE_COUNT)),
                         "sku": items[0]["sku"], "onHand": rng.between(0, 9999),
                         "delta": rng.between(-50, 50)}
    if source == "com.acme.shipping":
        return "shipment", {"carrier": rng.choice(CARRIERS),
                            "weightKg": money(rng.between(5, 8000)),
                            "eta": "2026-%02d-%02dT08:00:00Z" % (rng.between(1, 12),
                                                                 rng.between(1, 28))}
    return None, None


def event(rng, kind=None):
    """Of one of TYPES, or always of the kind that is given."""
    drawn = TYPES[rng.below(12)]
    source, detail_type = kind or drawn
    tenant_number = rng.below(TENANT_COUNT)
    customer_number = rng.below(CUSTOMER_COUNT)
    region = rng.choice(REGIONS)
    owner = account(rng.below(ACCOUNT_COUNT))
    order_id, items, total = order(rng, tenant_number)
    detail = {
        "tenantId": tenant(tenant_number), "correlationId": uuid(rng),
        "customer": {"id": customer(customer_number), "tier": rng.choice(TIERS),
                     "email": "%s.%s@%s" % (word(rng.below(8000)), word(rng.below(400)),
                                            rng.choice(DOMAINS)),
                     "country": rng.choice(COUNTRIES),
                     "ip": "10.%d.%d.%d" % (rng.below(256), rng.below(256), rng.between(1, 254))},
        "order": {"id": order_id, "status": rng.choice(STATUSES), "channel": rng.choice(CHANNELS),
                  "total": total, "currency": rng.choice(CURRENCIES), "gift": bool(rng.below(2)),
                  "items": items}}
    if rng.chance(3, 10):
        detail["order"]["coupon"] = "SAVE-%s-%02d" % (word(rng.below(4000)).upper(),
                                                      rng.below(100))
    if rng.chance(1, 4):
        detail["order"]["note"] = (None if rng.chance(1, 2) else
                                   "leave at door \u2014 \"%s\"" % word(rng.below(9000)))
    name, more = detail_of_source(rng, source, items, total)
    if name:
        detail[name] = more
    detail["path"] = "/api/v%d/%s/%s/%s/%s" % (rng.between(1, 3), region, tenant(tenant_number),
                                               word(rng.below(400)), order_id)
    detail["tags"] = [rng.choice(TAGS) for _ in range(3)]
    return {"version": "0", "id": uuid(rng), "detail-type": detail_type, "source": source,
            "account": owner,
            "time": "2026-%02d-%02dT%02d:%02d:%02dZ" % (rng.between(1, 12), rng.between(1, 28),
                                                        rng.below(24), rng.below(60),
                                                        rng.below(60)),
            "region": region,
            "resources": ["arn:aws:acme:%s:%s:order/%s" % (region, owner, order_id),
                          "arn:aws:acme:%s:%s:tenant/%s" % (region, owner,
                                                            tenant(tenant_number))],
            "detail": detail}


# ---- rules ----

def numeric_range(rng, least, most, width, scale):
    """Covers `width` of the whole numbers from least to most, each divided by scale."""
    low = rng.between(least, most - width)
    bounds = (low, low + width) if scale == 1 else (low / scale, (low + width) / scale)
    return [{"numeric": [rng.choice([">", ">="]), bounds[0], rng.choice(["<", "<="]), bounds[1]]}]


def mixed_case(rng, text):
    return "".join(c.upper() if rng.below(2) else c.lower() for c in text)


def total_range(width):
    return lambda g: numeric_range(g, 100, 500000, width, 100.0)


def ending(plain, text):
    return [{"wildcard": "*" + text}] if plain else [{"suffix": text}]


# The fields by which a rule selects: a list of (path, values of rng, whether it belongs to the
# plain language as well, which has no suffix, numeric, cidr, ignored case in a prefix nor $or).

def broad_fields(plain):
    """Each matches about one event in 8."""
    return [
        ("region", lambda g: [g.choice(REGIONS)], True),
        ("detail/order/status", lambda g: [g.choice(STATUSES)], True),
        ("detail/customer/country", lambda g: [g.choice(COUNTRIES) for _ in range(4)], True),
        ("detail/customer/ip", lambda g: [{"cidr": "10.%d.0.0/11" % (32 * g.below(8))}], False),
        ("detail/order/total", total_range(60000), False),
        ("time", lambda g: [{"prefix": "2026-%02d" % g.between(1, 12)}], True),
        ("detail/customer/email",
         lambda g: ending(plain, g.choice([".org", ".net", ".io", ".co.uk"])), True),
        ("detail/path",
         lambda g: [{"wildcard": "/api/v%d/%s/*" % (g.between(1, 3), g.choice(REGIONS))}], True),
        ("detail/customer/country",
         lambda g: [{"equals-ignore-case": mixed_case(g, g.choice(COUNTRIES))}
                    for _ in range(3)], True)]


def medium_fields(plain):
    """Each matches about one event in 80."""
    return [
        ("account", lambda g: [account(g.below(ACCOUNT_COUNT))], True),
        ("detail/order/total", total_range(6000), False),
        ("detail/tags", lambda g: [g.choice(TAGS)], True),
        ("detail/tenantId", lambda g: [{"prefix": "t-0%02d" % g.below(100)}], True),
        ("detail/customer/ip",
         lambda g: [{"cidr": "10.%d.%d.0/15" % (2 * g.below(128), 0)}], False),
        ("detail/customer/email", lambda g: ending(plain, "@" + g.choice(DOMAINS)), True),
        ("detail/order/id",
         lambda g: [{"wildcard": "ORD-%03d*-*%d" % (g.below(100), g.below(10))}], True),
        ("detail/order/coupon", lambda g: [{"prefix": "SAVE-" + g.choice(SYLLABLES).upper()}],
         True),
        ("detail/order/coupon",
         lambda g: [{"prefix": {"equals-ignore-case": "save-" + g.choice(SYLLABLES)}}], False),
        ("detail/order/items/sku",
         lambda g: [{"prefix": "SKU-%s-%03d" % (g.choice(CATEGORIES), g.below(20))}], True)]


def narrow_fields(plain):
    """Each matches about one event in 800."""
    return [
        ("detail/tenantId", lambda g: [{"prefix": "t-%04d" % g.below(1000)}], True),
        ("resources",
         lambda g: [{"prefix": "arn:aws:acme:%s:%s:order/" % (g.choice(REGIONS),
                                                              account(g.below(ACCOUNT_COUNT)))}],
         True),
        ("detail/order/id",
         lambda g: [{"wildcard": "ORD-%04d*-*%d" % (g.below(1000), g.below(10))}], True),
        ("detail/order/total", total_range(600), False),
        ("detail/order/items/sku", lambda g: [sku(g.below(SKU_COUNT)) for _ in range(10)], True),
        ("detail/customer/ip",
         lambda g: [{"cidr": "10.%d.%d.0/18" % (g.below(256), 64 * g.below(4))}], False),
        ("detail/customer/email",
         lambda g: ending(plain, "." + word(g.below(400)) + "@" + g.choice(DOMAINS)), True),
        ("detail/order/id", lambda g: [{"suffix": "%03d" % g.below(1000)}], False),
        ("detail/tenantId",
         lambda g: [{"equals-ignore-case": mixed_case(g, tenant(g.below(TENANT_COUNT)))}
                    for _ in range(8)], True)]


def rare_fields(_plain):
    """Each matches about one event in 10,000."""
    return [
        ("detail/tenantId", lambda g: [tenant(g.below(TENANT_COUNT))], True),
        ("detail/customer/id",
         lambda g: [customer(g.below(CUSTOMER_COUNT)) for _ in range(4)], True),
        ("detail/order/id", lambda g: [{"prefix": "ORD-%05d-" % g.below(TENANT_COUNT)}], True),
        ("resources",
         lambda g: [{"suffix": ":tenant/" + tenant(g.below(TENANT_COUNT))}], False),
        ("detail/tenantId",
         lambda g: [{"equals-ignore-case": mixed_case(g, tenant(g.below(TENANT_COUNT)))}], True),
        ("detail/customer/ip",
         lambda g: [{"cidr": "10.%d.%d.0/21" % (g.below(256), 8 * g.below(32))}], False),
        ("detail/order/items/sku", lambda g: [sku(g.below(SKU_COUNT))], True),
        ("detail/order/total", total_range(50), False),
        ("detail/order/id",
         lambda g: [{"wildcard": "ORD-%05d-*%d" % (g.below(TENANT_COUNT), g.below(10))}], False),
        ("detail/tenantId", lambda g: [tenant(g.below(TENANT_COUNT))], True),
        ("detail/customer/id",
         lambda g: [customer(g.below(CUSTOMER_COUNT)) for _ in range(2)], True)]


def common_fields(_plain):
    """Match most events: every operator occurs, and the counts of matches hardly change."""
    return [
        ("detail/order/status",
         lambda g: [{"anything-but": [g.choice(STATUSES), "archived"]}], True),
        ("detail/order/channel", lambda g: [{"anything-but": [g.choice(CHANNELS)]}], True),
        ("detail/correlationId", lambda g: [{"exists": True}], True),
        ("detail/deletedAt", lambda g: [{"exists": False}], True),
        ("detail/order/gift", lambda g: [True, False], True),
        ("detail/customer/tier",
         lambda g: ["bronze", "silver", "gold", g.choice(["platinum", "vip"])], True),
        ("detail/order/total", lambda g: [{"numeric": [">", g.below(50)]}], False),
        ("detail/customer/email",
         lambda g: [{"anything-but": {"suffix": [".io", ".edu"]}}], False),
        ("detail/path",
         lambda g: [{"anything-but": {"prefix": "/api/v%d" % g.between(1, 3)}}], False),
        ("detail/customer/country",
         lambda g: [{"anything-but":
                     {"equals-ignore-case": [g.choice(COUNTRIES).lower(), "zz"]}}], False),
        ("detail/path", lambda g: [{"anything-but": {"wildcard": "*/internal/*"}}], False),
        ("detail/order/items/qty", lambda g: [{"numeric": [">=", g.between(1, 3)]}], False),
        ("detail/order/items/price", lambda g: [{"anything-but": [0, 1]}], False),
        ("detail/order/currency",
         lambda g: [{"suffix": {"equals-ignore-case": g.choice(["d", "r", "sd"])}}, "GBP", "JPY",
                    "EUR"], False)]


def choices(fields):
    """(whether plain) -> the (path, values) that such a rule may have."""
    return {plain: [(path, values) for path, values, in_plain in fields(plain)
                    if in_plain or not plain] for plain in (False, True)}


COMMON = choices(common_fields)
# From which rule on a selecting field is so narrow: any prefix of the file looks like a real set
# of rules of its size, and an event matches some dozens of them however many there are.
SELECTING = [(10000, choices(rare_fields)), (1000, choices(narrow_fields)),
             (100, choices(medium_fields)), (10, choices(broad_fields))]


def head(rng, rule, plain):
    """Which events it is about: mostly source and detail-type, sometimes more loosely."""
    form = rng.below(10)
    source, detail_type = TYPES[rng.below(12)]
    if form < 6 or plain:
        rule["source"] = [source]
    elif form == 6:
        rule["source"] = [{"suffix": source[8:]}]
    elif form == 7:
        rule["detail-type"] = [{"equals-ignore-case": mixed_case(rng, detail_type)}]
        return
    elif form == 8:
        rule["source"] = [{"prefix": "com.acme."}]
    else:
        rule["source"] = [{"anything-but": ["aws.s3"]}]
    rule["detail-type"] = [detail_type]


def has_field(rule, path):
    for name in path.split("/"):
        if not isinstance(rule, dict) or name not in rule:
            return False
        rule = rule[name]
    return True


def add_or(rng, detail):
    detail["$or"] = [{"order": {"channel": [rng.choice(CHANNELS), rng.choice(CHANNELS)]}},
                     {"customer": {"tier": [rng.choice(TIERS)]}}]
    # A branch must not name a field that stands outside of it as well.
    for parent, name in (("order", "channel"), ("customer", "tier")):
        if parent in detail and name in detail[parent]:
            del detail[parent][name]
            if not detail[parent]:
                del detail[parent]


def rule(rng, number, plain):
    made = {}
    head(rng, made, plain)
    for start, fields in SELECTING:
        if number >= start:
            path, values = rng.choice(fields[plain])
            put(made, path, values(rng))
            break
    for _ in range(rng.below(3)):
        path, values = rng.choice(COMMON[plain])
        if not has_field(made, path):
            put(made, path, values(rng))
    if not plain and rng.chance(1, 10):
        add_or(rng, made.setdefault("detail", {}))
    return made


def exact_rule(rng):
    source, detail_type = TYPES[rng.below(12)]
    made = {"source": [source], "detail-type": [detail_type]}
    form = rng.below(4)
    if form == 0:
        put(made, "detail/tenantId", [tenant(rng.below(TENANT_COUNT)) for _ in range(2)])
    elif form == 1:
        put(made, "detail/customer/id", [customer(rng.below(CUSTOMER_COUNT)) for _ in range(8)])
    elif form == 2:
        put(made, "detail/tenantId", [tenant(rng.below(TENANT_COUNT)) for _ in range(4)])
        put(made, "region", [rng.choice(REGIONS), rng.choice(REGIONS)])
    else:
        put(made, "detail/order/items/sku", [sku(rng.below(SKU_COUNT)) for _ in range(3)])
    return made


def literal_wildcards(g):
    """Each with a literal start."""
    return [("detail/path", "/api/v%d/%s/t-%03d*/*/ORD-*%d" % (
                g.between(1, 3), g.choice(REGIONS), g.below(100), g.below(10))),
            ("detail/customer/email", "%s*.%s*@*.%s" % (
                word(g.below(8000))[:4], word(g.below(400))[:2],
                g.choice(["com", "org", "net", "io"]))),
            ("detail/order/id", "ORD-%03d*%d-*%d" % (g.below(100), g.below(10), g.below(100))),
            ("resources", "arn:aws:acme:%s:*:order/ORD-%03d*" % (g.choice(REGIONS),
                                                                 g.below(100))),
            ("detail/order/coupon", "SAVE-%s*-%d*" % (word(g.below(4000)).upper()[:4],
                                                      g.below(10)))]


def open_wildcards(g):
    """Most begin with an asterisk."""
    return [("detail/path", "*/%s/ORD-*%02d" % (word(g.below(400)), g.below(100))),
            ("detail/customer/email", "*%s*@%s" % (word(g.below(400)), g.choice(DOMAINS))),
            ("detail/order/id", "*-%03d*%d" % (g.below(1000), g.below(10))),
            ("detail/path", "*%s*/%s/*" % (g.choice(REGIONS), word(g.below(400)))),
            ("detail/tags", "*%s*%s" % (word(g.below(400))[:2], g.choice(SYLLABLES)))]


def wildcard_rule(rng, wildcards):
    form = rng.below(5)
    path, text = wildcards(rng)[form]
    made = {}
    put(made, path, [{"wildcard": text}])
    if rng.below(2):
        made["detail-type"] = [TYPES[rng.below(12)][1]]
    return made


def numeric_rule(rng):
    made = {}
    form = rng.below(4)
    if form == 0:
        made["source"] = ["com.acme.payments"]
        put(made, "detail/payment/amount", total_range(rng.between(10, 800))(rng))
    elif form == 1:
        made["source"] = ["com.acme.payments"]
        put(made, "detail/payment/amount", total_range(rng.between(1000, 60000))(rng))
        put(made, "detail/payment/risk", numeric_range(rng, 0, 999, rng.between(1, 20), 1))
    elif form == 2:
        made["detail-type"] = [TYPES[rng.below(12)][1]]
        put(made, "detail/order/total", total_range(rng.between(100, 3000))(rng))
    else:
        made["source"] = ["com.acme.inventory"]
        put(made, "detail/stock/onHand", numeric_range(rng, 0, 9999, rng.between(1, 20), 1))
    return made


# ---- rules that no field of the event leaves aside ----

def all_matching_rule(rng, number):
    """Matches every event, each by another predicate."""
    made = {}
    form = number % 8
    if form == 0:
        put(made, "detail/order/total", [{"numeric": [">=", -number]}])
    elif form == 1:
        put(made, "detail/customer/tier", [{"anything-but": ["tier-%d" % number]}])
    elif form == 2:
        put(made, "detail/added-%d" % number, [{"exists": False}])
    elif form == 3:
        put(made, "detail/path", [{"wildcard": "/api/*/ORD-*"}])
        put(made, "detail/order/total", [{"numeric": ["<", 5001 + number]}])
    elif form == 4:
        put(made, "detail/correlationId", [{"exists": True}])
        put(made, "region", [{"anything-but": {"prefix": "region-%d" % number}}])
    elif form == 5:
        made["source"] = [{"prefix": "com.acme."}, "app-%d" % number]
    elif form == 6:
        put(made, "detail/customer/ip", [{"cidr": "10.0.0.0/8"}, "host-%d" % number])
    else:
        made["detail-type"] = [detail_type for _, detail_type in TYPES] + ["Type%d" % number]
    return made


WEAK_KIND = ("com.acme.orders", "OrderPlaced")


def weak_rule(rng, number):
    """One source and detail-type for all; what sets a rule apart lets most events pass."""
    made = {"source": [WEAK_KIND[0]], "detail-type": [WEAK_KIND[1]]}
    form = number % 4
    if form == 0:
        put(made, "detail/tenantId", [{"anything-but": [tenant(rng.below(TENANT_COUNT))]}])
    elif form == 1:
        put(made, "detail/flags/f%d" % number, [{"exists": rng.chance(1, 2)}])
    elif form == 2:
        put(made, "detail/order/total", total_range(rng.between(100000, 400000))(rng))
    else:
        put(made, "detail/customer/email",
            [{"anything-but": {"suffix": "@" + rng.choice(DOMAINS)}}])
    return made
