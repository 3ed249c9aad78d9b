"""The machine's door (接口): REST under ``/api/v1`` for programs that act as a member of staff, and webhooks that tell them what happens.

``middleware``  takes everything under ``/api/`` off the pages' way: no session, no cookies, no messages
``door``        what every endpoint shares: the caller and its scopes, replies, problems, kinds of values, the OpenAPI document
``v1``          the endpoints, one module for each subject; each calls one verb or one question of a flat below
``services``    answers kept under an ``Idempotency-Key``; webhook subscriptions and what became of their deliveries
``gateways``    the only place that connects to a subscriber, and never to an address inside the company
``tasks``       delivering webhooks, forgetting kept answers: run by the worker

Tables: ``KeptAnswer``; ``WebhookSubscription`` (its secret is sealed); ``WebhookDelivery`` (one fact on its way to one subscriber).
"""
