"""The doors to the providers: SMTP, Twilio, and a folder that captures."""
