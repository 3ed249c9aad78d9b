"""Stored files (附件与文件): what customers and colleagues hand in, later recordings and photographs; sealed, shared, not for ever.

``rules``      what a file is by its content, how its name is shown, how content is sealed
``disk``       the folder ``FILES_DIR``: one sealed file for each content, under its SHA-256; ``backup`` copies it as it is
``services``   ``store_file``, ``retain_file`` (another class of retention), ``purge_files`` (what is past its time)
``queries``    ``get_file``, ``open_file``, ``check_store``; whoever asks has decided that the viewer may see it

Table: ``StoredFile``, one row for each time that something was handed in; equal contents lie on the disk once. Flats above hold the
foreign key (PROTECT): a purged row stays, its content is gone. Facts: ``FileStored``, ``FileRetained``, ``FilePurged``.

A form stores what was uploaded as ``Retention.PASSING``; the verb that attaches it gives it the class of its matter by
``retain_file``. What is never attached goes after some days.
"""
