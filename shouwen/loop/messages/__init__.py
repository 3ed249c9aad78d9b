"""Messages out (外发消息, A7): what is told to customers and staff, by which way, when, and whether it arrived.

Tables: ``Template`` and ``TemplateVersion`` (immutable: the database refuses to change one); ``Notice`` (one thing told to one or many,
once for each idempotency key); ``Message`` (one recipient of a notice); ``Attempt`` (each try whose outcome is known); ``Receipt``
(what a gateway reported later, kept even when it comes before the outcome); ``ChannelRest`` (a channel whose carrier was away).

Facts: ``TemplateApproved``, ``NoticeQueued``, ``NoticeCancelled``, ``MessageFailed``, ``MessageResent``. That a message was sent or
delivered is no fact but a row: a storm tells a million customers, and nobody acts on each.

Rules: ``ways`` chooses the way and the moment (preference, consent, quiet hours, ways that failed); ``texts`` fills templates;
``definitions`` reads them; ``trying`` says what follows a failed try, a carrier that is away or a receipt; ``threads`` names mails so that
an answer finds its matter.

Nothing leaves the building inside a transaction: ``claim_due`` takes messages under a lease, ``tasks.send_due`` sends, ``record_outcome``
writes what came of it. A worker killed in between leaves a lease that runs out, and the message is tried again with the same reference
(for mail the same Message-ID): **at least once**, never silently lost; a recipient may in that rare case get it twice.

A carrier that is away costs no message a try: its channel rests for a pause that grows, and then everything goes out. What has an end
(``not_after``) is never sent after it: it fails as ``expired``, and whoever queued it hears ``MessageFailed``.

Personal data: a message keeps no text. It is filled when it is sent, from the sealed fields and the version of the template.
Notices about matters are queued by flats to the right of this one (``satisfaction.services.telling``): this one knows no work orders.
"""
