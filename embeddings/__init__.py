"""Clips to vectors to rankings: the room that needs sounds, and neither Flask nor a database.

A :class:`~embeddings.collection.clips.Collection` holds labelled clips; a representation turns each
clip into a *raw* embedding (:mod:`embeddings.extraction.extract`);
:mod:`embeddings.search.processing` prepares it; :mod:`embeddings.search.neighbours` ranks every
other clip for every clip as query; and :mod:`embeddings.systems.store` keeps all of it on disk,
memory-mapped, with its provenance.
"""

__version__ = "0.2.0"
