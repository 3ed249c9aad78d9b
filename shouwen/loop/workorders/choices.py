"""Closed lists of work orders."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Stage(TextChoices):
    """How far the loop has come (阶段)."""

    OPEN = "OPEN", _("Open")
    RESOLVED = "RESOLVED", _("Resolved")
    CLOSED = "CLOSED", _("Closed")


class Priority(IntegerChoices):
    """How urgent it is; smaller goes first (优先级)."""

    DANGER = 1, _("Danger")
    URGENT = 2, _("Urgent")
    HIGH = 3, _("High")
    NORMAL = 4, _("Normal")


class Hazard(TextChoices):
    """A danger on site, flagged with one key (险情)."""

    WIRE_DOWN = "wire_down", _("Wire down")
    FIRE = "fire", _("Fire or smoke")
    INJURY = "injury", _("Person injured")
    LIFE_SUPPORT = "life_support", _("Life support without power")


class TargetState(TextChoices):
    """Where a deadline stands (时限状态)."""

    RUNNING = "RUNNING", _("Running")
    PAUSED = "PAUSED", _("Paused")
    KEPT = "KEPT", _("Kept")
    BROKEN = "BROKEN", _("Broken")
    VOID = "VOID", _("Not needed")


class PromiseKind(TextChoices):
    """What is promised (承诺事项)."""

    ARRIVE = "arrive", _("Arrive")
    CALL = "call", _("Call")
    FINISH = "finish", _("Finish")


class PromiseState(TextChoices):
    """What became of a promise (承诺状态)."""

    OPEN = "OPEN", _("Open")
    MOVED = "MOVED", _("Moved, the customer told before")
    KEPT = "KEPT", _("Kept")
    BROKEN = "BROKEN", _("Broken")


class HandOverReason(TextChoices):
    """Why work goes to another unit (转办原因)."""

    NEXT_STEP = "next_step", _("Next step of the norm")
    WRONG_DISTRICT = "wrong_district", _("Another district")
    WRONG_SPECIALITY = "wrong_speciality", _("Another speciality")
    CAPACITY = "capacity", _("Nobody free")


class EscalationReason(TextChoices):
    """Why a superior is told (升级原因)."""

    WARNING = "warning", _("The limit comes near")
    BREACH = "breach", _("The limit is broken")
    URGED = "urged", _("The customer urges")
    REFUSAL = "refusal", _("Another unit refuses to cooperate")


class LinkKind(TextChoices):
    """How two matters belong together (关联)."""

    DUPLICATE = "duplicate", _("Duplicate")
    MERGED = "merged", _("Merged into")
    SPLIT = "split", _("Split from")
    RELATED = "related", _("Related")


class Grade(IntegerChoices):
    """The customer's five grades (满意度)."""

    VERY_SATISFIED = 5, _("Very satisfied")
    SATISFIED = 4, _("Satisfied")
    FAIR = 3, _("Fair")
    DISSATISFIED = 2, _("Dissatisfied")
    MOST_DISSATISFIED = 1, _("Most dissatisfied")


class GradeSource(TextChoices):
    """How the customer's grade came in; never from whoever handled the matter (评价来源)."""

    LINK = "link", _("The customer, by a link")
    KEY = "key", _("The customer, by a key on the phone")
    CALL_BACK = "call_back", _("A call-back by somebody else")
    VISIT = "visit", _("A visit by somebody else")


class CallBackResult(TextChoices):
    """What a call-back came to (回访结果)."""

    REACHED = "reached", _("Customer reached")
    NO_ANSWER = "no_answer", _("No answer")
    REFUSED = "refused", _("The customer does not want to talk")
    UNSOLVED = "unsolved", _("The customer says it is not solved")


class Missing(TextChoices):
    """What is still missing before the loop is closed (闭环所缺)."""

    RESOLUTION = "resolution", _("the work to be finished")
    RESULT_TOLD = "result_told", _("the result to be told to the customer")
    CALL_BACK = "call_back", _("the call-back")
    GRADE = "grade", _("the customer's grade")
    VISIT = "visit", _("the visit to be settled")
    PROMISE = "promise", _("promises to be kept or moved")


class ReopenReason(TextChoices):
    """Why a matter is taken up again (重开原因)."""

    NOT_SOLVED = "not_solved", _("Not solved")
    CAME_BACK = "came_back", _("The trouble came back")
    WRONGLY_CLOSED = "wrongly_closed", _("Closed by mistake")


class Verb(TextChoices):
    """What somebody may wish to do with a matter."""

    SEE = "see", _("See")
    OPEN = "open", _("Open a matter")
    TAKE = "take", _("Take")
    FINISH_STEP = "finish_step", _("Finish a step")
    HAND_OVER = "hand_over", _("Hand over")
    RATE_HAND_OVER = "rate_hand_over", _("Rate a hand-over")
    ASK_ASSIST = "ask_assist", _("Ask for help")
    GIVE_ASSIST = "give_assist", _("Help")
    PAUSE = "pause", _("Pause")
    RESUME = "resume", _("Resume")
    PROMISE = "promise", _("Promise")
    URGE = "urge", _("Urge")
    ESCALATE = "escalate", _("Escalate")
    LINK = "link", _("Link")
    AMEND = "amend", _("Amend")
    NOTE = "note", _("Add a note")
    TELL_RESULT = "tell_result", _("Tell the result")
    CALL_BACK = "call_back", _("Call back")
    GRADE = "grade", _("Record the customer's grade")
    SETTLE_VISIT = "settle_visit", _("Settle a visit")
    CLOSE = "close", _("Close")
    REOPEN = "reopen", _("Reopen")
    CHANGE_OWNER = "change_owner", _("Change the owner")
