"""The network (电网): substation, feeder, switch and transformer, as a tree of codes (C2). No tracing yet.

Tables: ``Substation``, ``Feeder``, ``Switch``, ``Transformer``. Each keeps its ``path``: the codes from the
substation down, each ended by a dot (``DM.F03.K1.T17.``), so that everything below a device is one range of an index.

Facts: ``SubstationAdded``, ``FeederAdded``, ``SwitchAdded``, ``TransformerAdded``. Rules: how a path is made, what lies below it.
"""
