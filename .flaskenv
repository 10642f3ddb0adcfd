# Read by `flask` itself, so that plain `flask run` finds the app.
FLASK_APP=webapp
