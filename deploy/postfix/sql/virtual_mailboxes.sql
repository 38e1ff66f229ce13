  SELECT m.maildir FROM mailbox m JOIN domain d ON d.domain = m.domain
  WHERE m.username = '%s' AND m.active = 1 AND d.active = 1 AND {{ kept_here }}
