from shouwen.kernel.freshness import Change, FreshAnswers


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


class Transaction:
    """What an open transaction will call when it is committed."""

    def __init__(self) -> None:
        self.waiting: list[Change[str, str]] = []

    def __call__(self) -> list[Change[str, str]]:
        return self.waiting

    def commit(self) -> None:
        waiting, self.waiting = self.waiting, []
        for change in waiting:
            change()


def test_what_a_transaction_changes_it_alone_is_told_until_the_commit() -> None:
    mine = Transaction()
    asking = [mine]
    answers: FreshAnswers[str, str] = FreshAnswers(lifetime_s=5, clock=Clock(), at_commit=lambda: asking[0]())
    answers.get("a", lambda key: "old")

    mine.waiting.append(answers.changing("a"))
    told = [answers.get("a", lambda key: "new"), answers.get("a", lambda key: "not asked again")]
    asking[0] = Transaction()
    others = answers.get("a", lambda key: "old")
    asking[0] = mine
    mine.commit()

    assert (told, others) == (["new", "new"], "old")
    assert answers.get("a", lambda key: "committed") == "committed"


def test_what_a_rolled_back_transaction_was_told_is_gone_with_it() -> None:
    mine = Transaction()
    answers: FreshAnswers[str, str] = FreshAnswers(lifetime_s=5, clock=Clock(), at_commit=mine)
    mine.waiting.append(answers.changing("a"))
    answers.get("a", lambda key: "never true")
    answers.get("b", lambda key: "true")

    mine.waiting.clear()

    assert answers.get("a", lambda key: "true") == "true"
    assert answers.get("b", lambda key: "not asked again") == "true"


def test_a_second_change_in_one_transaction_is_seen_by_it_and_its_undoing_too() -> None:
    mine = Transaction()
    answers: FreshAnswers[str, str] = FreshAnswers(lifetime_s=5, clock=Clock(), at_commit=mine)
    mine.waiting.append(answers.changing("a"))
    first = answers.get("a", lambda key: "first")
    mine.waiting.append(answers.changing())
    second = answers.get("a", lambda key: "second")

    mine.waiting.pop()  # a savepoint was rolled back

    assert (first, second, answers.get("a", lambda key: "first")) == ("first", "second", "first")


def test_forgetting_all_forgets_what_an_open_transaction_was_told_too() -> None:
    mine = Transaction()
    answers: FreshAnswers[str, str] = FreshAnswers(lifetime_s=5, clock=Clock(), at_commit=mine)
    mine.waiting.append(answers.changing("a"))
    answers.get("a", lambda key: "first")

    answers.forget_all()

    assert answers.get("a", lambda key: "second") == "second"
