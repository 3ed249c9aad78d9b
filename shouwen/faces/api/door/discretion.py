"""What a program that acts in its own name (automatic staff) meets at the door: what the service centre sees, and no clear text.

Inside, such a member may do everything, since jobs and gateways work on every matter. A token can be carried away, and is issued by
administrators, who may not read secret matters (举报保密, R-408) or customers' identities themselves.
"""

from __future__ import annotations

from dataclasses import replace

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders.choices import Verb
from shouwen.loop.workorders.queries import may_do
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import Viewer


def reader_of(viewer: Viewer) -> Viewer:
    """Return as whom a caller sees matters: a program like an agent of the service centre, who sees all but the secret ones."""
    if not viewer.is_automatic:
        return viewer
    return replace(viewer, is_automatic=False, roles=viewer.roles | {RoleCode.AGENT})


def must_know_of(viewer: Viewer, *, work_order_id: int) -> None:
    """Keep secret matters from programs, whatever they ask of them.

    :raises NotFound: when a program may not know of this matter.
    """
    if viewer.is_automatic and not may_do(work_order_id=work_order_id, verb=Verb.SEE, viewer=reader_of(viewer)):
        raise NotFound


def must_be_a_person(viewer: Viewer) -> None:
    """:raises NotAllowed: to a program: whoever looks at a customer in clear is somebody who can be asked why."""
    if viewer.is_automatic:
        raise NotAllowed
