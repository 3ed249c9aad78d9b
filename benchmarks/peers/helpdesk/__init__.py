"""django-helpdesk, the peer of the desk. ``peer_*.py`` run in its own environment, the rest in ours."""
