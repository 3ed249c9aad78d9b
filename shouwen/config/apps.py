from django.apps import AppConfig


class RoofConfig(AppConfig):
    """The last app of all: when it is ready, everything is."""

    name = "shouwen.config"
    label = "roof"

    def ready(self) -> None:
        from shouwen.config.wiring import wire

        wire()
