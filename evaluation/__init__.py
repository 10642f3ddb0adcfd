"""Rankings and judgements to numbers: the room of definitions, usable from a notebook.

:mod:`evaluation.objective.averages` scores a system against labels;
:mod:`evaluation.protocol.terms` and :mod:`evaluation.design.pooling` say what a study asks and of
what; :mod:`evaluation.records.events` turns what people judged into tables. It imports `embeddings`
and knows neither Flask nor the database.
"""
