"""Splitmix64, so that a workload does not depend on the version of Python that writes it."""

MASK = (1 << 64) - 1


class Rng:
    def __init__(self, seed):
        self.state = seed & MASK

    def bits(self):
        """64 of them."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        return self.bits() % bound

    def between(self, least, most):
        return least + self.below(most - least + 1)

    def chance(self, part, whole):
        return self.below(whole) < part

    def choice(self, values):
        return values[self.below(len(values))]


SYLLABLES = ["ba", "ko", "ri", "te", "lu", "ma", "ne", "so", "vi", "do", "pa", "ze", "fi", "go",
             "hu", "ja", "ce", "wo", "xi", "ty"]


def word(number):
    """The same word for the same number, another for another."""
    text = ""
    number += 7
    while True:
        text += SYLLABLES[number % 20]
        number //= 20
        if number == 0:
            return text


def put(rule, path, values):
    """Sets a field of a pattern: put(rule, "detail/order/id", ["a"])."""
    *parents, name = path.split("/")
    for parent in parents:
        rule = rule.setdefault(parent, {})
    rule[name] = values
