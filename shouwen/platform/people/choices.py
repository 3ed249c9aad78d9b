"""Closed lists of people: the posts that norms name, the kinds of unit, why somebody is away."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RoleCode(TextChoices):
    """A post with its duties (岗位). One person may hold several."""

    AGENT = "agent", _("Service agent")
    SHIFT_LEADER = "shift_leader", _("Shift leader")
    CALL_BACK_AGENT = "call_back_agent", _("Call-back agent")
    COMPLAINT_HANDLER = "complaint_handler", _("Complaint handler")
    QUALITY_INSPECTOR = "quality_inspector", _("Quality inspector")
    KNOWLEDGE_EDITOR = "knowledge_editor", _("Knowledge editor")
    TRAINER = "trainer", _("Trainer")
    HALL_CLERK = "hall_clerk", _("Business-hall clerk")
    CUSTOMER_REPRESENTATIVE = "customer_representative", _("Customer representative")
    CONNECTION_MANAGER = "connection_manager", _("Connection manager")
    METERING_TECHNICIAN = "metering_technician", _("Metering technician")
    BILLING_CLERK = "billing_clerk", _("Billing clerk")
    COLLECTION_CLERK = "collection_clerk", _("Collection clerk")
    USE_INSPECTOR = "use_inspector", _("Electricity-use inspector")
    DISPATCHER = "dispatcher", _("Dispatcher")
    CREW_LEADER = "crew_leader", _("Crew leader")
    CREW_MEMBER = "crew_member", _("Crew member")
    OUTAGE_PLANNER = "outage_planner", _("Outage planner")
    POWER_QUALITY_ENGINEER = "power_quality_engineer", _("Power-quality engineer")
    SAFETY_OFFICER = "safety_officer", _("Safety officer")
    DISCIPLINE_OFFICER = "discipline_officer", _("Discipline officer")
    DATA_STEWARD = "data_steward", _("Customer-data steward")
    SYSTEM_OPERATOR = "system_operator", _("System operator")
    UNIT_HEAD = "unit_head", _("Unit head")
    BRANCH_MANAGER = "branch_manager", _("Branch manager")
    COMPANY_MANAGER = "company_manager", _("Company manager")


class UnitKind(TextChoices):
    """What a unit of the company does (单位类别)."""

    COMPANY = "company", _("Company")
    BRANCH = "branch", _("Branch")
    SERVICE_CENTRE = "service_centre", _("95598 service centre")
    BUSINESS_HALL = "business_hall", _("Business hall")
    SUPPLY_STATION = "supply_station", _("Supply station")
    DISPATCH_CENTRE = "dispatch_centre", _("Dispatch centre")
    REPAIR_TEAM = "repair_team", _("Repair team")
    CONNECTION_CENTRE = "connection_centre", _("Connection centre")
    METERING_CENTRE = "metering_centre", _("Metering centre")
    BILLING_CENTRE = "billing_centre", _("Billing centre")
    USE_INSPECTION = "use_inspection", _("Electricity-use inspection")
    MARKETING_DEPARTMENT = "marketing_department", _("Marketing department")
    OPERATIONS_DEPARTMENT = "operations_department", _("Operations department")
    SAFETY_DEPARTMENT = "safety_department", _("Safety department")
    QUALITY_OFFICE = "quality_office", _("Service-quality office")
    DISCIPLINE_OFFICE = "discipline_office", _("Discipline office")
    TRAINING_CENTRE = "training_centre", _("Training centre")
    INFORMATION_CENTRE = "information_centre", _("Information centre")


class AbsenceReason(TextChoices):
    """Why somebody is away (缺勤原因)."""

    LEAVE = "leave", _("Leave")
    SICK = "sick", _("Sick")
    TRAINING = "training", _("Training")
    TRAVEL = "travel", _("Travel")
    REST = "rest", _("Rest day")
