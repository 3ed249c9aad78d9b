"""Customers (客户): who they are, their accounts and supply points, how to reach them, what to mind; found by any part, shown masked.

Tables: ``Customer``, ``Account`` (户号), ``SupplyPoint`` (where power is used), ``ContactPoint``, ``Preference``, ``SpecialNeed``,
``Sensitivity``, ``SearchEntry`` (keyed terms, derived), ``ImportRun`` and ``ImportRow``. Names, addresses, numbers and mail are
sealed (``platform.search``): nothing personal stands in clear in the database.

Facts (ids only, never personal text): ``CustomerRegistered``, ``CustomerCorrected``, ``AccountOpened``, ``SupplyPointAdded``,
``SupplyPointChanged``, ``ContactPointAdded``, ``ContactPointChanged``, ``ContactPointRemoved``, ``ContactPointConfirmed``,
``PreferenceChanged``, ``SpecialNeedRecorded``, ``SpecialNeedEnded``, ``SensitivityNoted``, ``TierChanged``,
``RepresentativeAssigned``, ``AccountTransferred``, ``CustomersImported``.

Rules: masks, how sure we are of a caller, mappings of foreign files. Queries answer with masked cards; ``reveal_customer`` alone gives
clear text, and writes down who looked at what, and why.
"""
