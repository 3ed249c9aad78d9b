"""The least network that is valid."""

from factory import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from shouwen.records.network.choices import AreaClass
from shouwen.records.network.models import Feeder, Substation, Switch, Transformer


class SubstationFactory(DjangoModelFactory[Substation]):
    class Meta:
        model = Substation

    code = Sequence(lambda number: f"S{number}")
    name = "Dongmen"
    path = LazyAttribute(lambda row: f"{row.code}.")


class FeederFactory(DjangoModelFactory[Feeder]):
    class Meta:
        model = Feeder

    substation = SubFactory(SubstationFactory)
    code = Sequence(lambda number: f"F{number}")
    name = "Line 3"
    path = LazyAttribute(lambda row: f"{row.substation.path}{row.code}.")


class SwitchFactory(DjangoModelFactory[Switch]):
    class Meta:
        model = Switch

    feeder = SubFactory(FeederFactory)
    code = Sequence(lambda number: f"K{number}")
    name = "Switch 1"
    path = LazyAttribute(lambda row: f"{row.feeder.path}{row.code}.")


class TransformerFactory(DjangoModelFactory[Transformer]):
    class Meta:
        model = Transformer

    feeder = SubFactory(FeederFactory)
    code = Sequence(lambda number: f"T{number}")
    name = "Wensan Road 1"
    area_class = AreaClass.URBAN
    path = LazyAttribute(lambda row: f"{row.feeder.path}{row.code}.")
