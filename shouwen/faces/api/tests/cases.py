"""What the tests of all endpoints ask of each: a body that is right, and how a stranger is answered. A new endpoint needs a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OPEN, HIDDEN, REFUSED = 200, 404, 403


@dataclass(frozen=True)
class Case:
    """``body`` may name ids of the world in braces; ``stranger``: how somebody without a post, elsewhere, is answered about Li's."""

    stranger: int
    body: dict[str, Any] | None = None


SOON = "2099-01-01T00:00:00+08:00"

CASES: dict[str, Case] = {
    # Matters: whoever has no part in one does not learn that it exists.
    "list_work_orders": Case(OPEN),
    "get_work_order": Case(HIDDEN),
    "get_timeline": Case(HIDDEN),
    "get_customer_timeline": Case(HIDDEN),
    "explain_target": Case(HIDDEN),
    "verify_work_order": Case(HIDDEN),
    "open_work_order": Case(201, {"norm": "lamp_out", "channel": "phone"}),
    "amend_work_order": Case(HIDDEN, {"changes": {"subject": {"seen": "机密事项", "wanted": "x"}}}),
    "take_work_order": Case(HIDDEN),
    "finish_step": Case(HIDDEN, {"outcome": "sent"}),
    "hand_over_work_order": Case(HIDDEN, {"to_unit_id": "{other_unit_id}", "reason": "capacity"}),
    "rate_hand_over": Case(HIDDEN, {"score": 3}),
    "ask_assist": Case(HIDDEN, {"unit_id": "{other_unit_id}", "question": "?"}),
    "give_assist": Case(HIDDEN, {"answer": "!"}),
    "pause_work_order": Case(HIDDEN, {"reason": "waiting_for_customer"}),
    "resume_work_order": Case(HIDDEN),
    "make_promise": Case(HIDDEN, {"kind": "call", "due_at": SOON}),
    "move_promise": Case(HIDDEN, {"due_at": SOON}),
    "keep_promise": Case(HIDDEN),
    "urge_work_order": Case(HIDDEN),
    "escalate_work_order": Case(HIDDEN, {"reason": "refusal"}),
    "add_note": Case(HIDDEN, {"text": "x"}),
    "link_work_orders": Case(HIDDEN, {"to_id": "{other_order_id}", "kind": "related"}),
    "undo_link": Case(HIDDEN),
    "merge_work_order": Case(HIDDEN, {"into_id": "{other_order_id}"}),
    "split_work_order": Case(HIDDEN, {"norm": "lamp_out", "subject": "x"}),
    "tell_result": Case(HIDDEN, {"channel": "phone", "result": "x"}),
    "change_owner": Case(HIDDEN, {"to_staff_id": "{other_staff_id}", "reason": "x"}),
    "reopen_work_order": Case(HIDDEN, {"reason": "came_back"}),
    "record_call_back": Case(HIDDEN, {"result": "reached"}),
    "ask_satisfaction": Case(HIDDEN, {"source": "link"}),
    "record_grade": Case(HIDDEN, {"grade": 5, "source": "call_back"}),
    "settle_visit": Case(HIDDEN, {"findings": "x"}),
    "close_work_order": Case(HIDDEN),
    "list_messages_of_matter": Case(HIDDEN),
    # Contacts and customers: for those who meet customers.
    "receive_envelopes": Case(REFUSED, {"source": "s", "channel": "web", "envelopes": [{"content": {"subject": "x"}}]}),
    "list_buried": Case(REFUSED),
    "get_envelope": Case(REFUSED),
    "repair_envelope": Case(REFUSED, {"corrections": {}}),
    "discard_envelope": Case(REFUSED, {"reason": "x"}),
    "list_interactions": Case(REFUSED),
    "record_interaction": Case(REFUSED, {"channel": "phone", "direction": "in", "happened_at": SOON, "text": "x"}),
    "search_customers": Case(REFUSED, {"text": "机密"}),
    "get_customer": Case(REFUSED),
    "reveal_customer": Case(REFUSED, {"fields": ["name"], "reason": "x"}),
    # What everybody who works here may read.
    "list_norms": Case(OPEN),
    "get_norm": Case(OPEN),
    "get_norm_version": Case(OPEN),
    "draw_norm": Case(OPEN),
    "export_norm": Case(OPEN),
    "list_policies": Case(OPEN),
    "get_policy": Case(OPEN),
    "list_units": Case(OPEN),
    "get_unit": Case(OPEN),
    "get_staff": Case(OPEN),
    "get_me": Case(OPEN),
    # Running the system: for administrators.
    "list_tokens": Case(OPEN),
    "issue_token": Case(REFUSED, {"staff_id": "{staff_id}", "name": "x", "scopes": ["tokens:write"], "expires_at": SOON}),
    "revoke_token": Case(REFUSED),
    "list_failed_deliveries": Case(REFUSED),
    "retry_failed_deliveries": Case(REFUSED, {"delivery_ids": ["{failed_id}"]}),
    "list_subscriptions": Case(REFUSED),
    "subscribe": Case(REFUSED, {"name": "x", "url": "https://example.com/"}),
    "get_subscription": Case(REFUSED),
    "cancel_subscription": Case(REFUSED),
    "list_webhook_deliveries": Case(REFUSED),
    "replay_since": Case(REFUSED, {"since": "2026-01-01T00:00:00Z"}),
    "replay_delivery": Case(REFUSED),
}
WITHOUT_TOKEN = frozenset({"get_health"})
