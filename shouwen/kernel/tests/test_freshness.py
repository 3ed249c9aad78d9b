from shouwen.kernel.freshness import FreshAnswers


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def counting() -> tuple[list[str], object]:
    asked: list[str] = []

    def fetch(key: str) -> int:
        asked.append(key)
        return len(asked)

    return asked, fetch


def test_an_answer_is_reused_until_its_lifetime_is_over() -> None:
    clock = Clock()
    asked, fetch = counting()
    answers = FreshAnswers(lifetime_s=5, clock=clock)

    first = answers.get("a", fetch)
    clock.now += 4.99
    second = answers.get("a", fetch)
    clock.now += 0.01
    third = answers.get("a", fetch)

    assert (first, second, third, asked) == (1, 1, 2, ["a", "a"])


def test_forgetting_one_answer_leaves_the_others() -> None:
    _, fetch = counting()
    answers = FreshAnswers(lifetime_s=5, clock=Clock())
    answers.get("a", fetch)
    answers.get("b", fetch)

    answers.forget("a")

    assert (answers.get("a", fetch), answers.get("b", fetch)) == (3, 2)


def test_an_answer_fetched_while_something_was_forgotten_is_not_kept() -> None:
    answers = FreshAnswers(lifetime_s=5, clock=Clock())

    def overtaken(key: str) -> str:
        answers.forget(key)
        return "old"

    assert answers.get("a", overtaken) == "old"
    assert answers.get("a", lambda key: "new") == "new"


def test_a_full_memory_starts_anew_instead_of_growing() -> None:
    asked, fetch = counting()
    answers = FreshAnswers(lifetime_s=5, size_limit=2, clock=Clock())

    for key in ("a", "b", "c", "c", "a"):
        answers.get(key, fetch)

    assert asked == ["a", "b", "c", "a"]
