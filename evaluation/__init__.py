"""Rankings and judgements to numbers: the room of definitions, usable from a notebook.

:mod:`evaluation.objective` scores a system against labels; :mod:`evaluation.protocol` and
:mod:`evaluation.pooling` say what a study asks and of what; :mod:`evaluation.exchange` turns what
people judged into tables. It imports `embeddings` and knows neither Flask nor the database.
"""
