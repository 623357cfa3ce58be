"""Orders as arrays of objects: a rule asks several things of one item."""

ITEMS_PER_EVENT = 20
SKU_COUNT = 200
KINDS = ["book", "toy", "food"]


def sku(rng):
    return "sku-%d" % rng.below(SKU_COUNT)


def rule(rng):
    item = {"sku": [sku(rng)], "qty": [{"numeric": [">", rng.between(1, 8)]}],
            "kind": [rng.choice(KINDS[:2])]}
    return {"source": ["shop"], "detail": {"items": item}}


def event(rng):
    items = [{"sku": sku(rng), "qty": rng.between(1, 9), "kind": rng.choice(KINDS)}
             for _ in range(ITEMS_PER_EVENT)]
    return {"source": "shop", "detail-type": "OrderPlaced", "detail": {"items": items}}
