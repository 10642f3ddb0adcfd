"""`flask doctor`: looks at a deployment, and says what to do; `registry` finds the checks."""
