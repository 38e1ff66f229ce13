"""REST: /api/v1/onboardings/, /api/v1/offboardings/ and /api/v1/templates/."""
