"""HTTP and nothing else: settings, the Flask application, and gunicorn."""
