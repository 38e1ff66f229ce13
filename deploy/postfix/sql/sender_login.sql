  SELECT m.username FROM mailbox m JOIN domain d ON d.domain = m.domain
  WHERE m.username = '%s' AND m.active = 1 AND d.active = 1 AND {{ kept_here }}
  UNION ALL
  SELECT a.goto FROM alias a JOIN domain d ON d.domain = a.domain
  WHERE a.address = '%s' AND a.address <> {{ at_domain }} AND a.active = 1 AND d.active = 1
  AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.username = a.address)
  UNION ALL
  SELECT m.username FROM alias_domain ad JOIN domain t ON t.domain = ad.alias_domain
  JOIN domain d ON d.domain = ad.target_domain JOIN mailbox m ON m.username = {{ twin }}
  WHERE ad.alias_domain = '%d' AND ad.active = 1 AND t.active = 1 AND d.active = 1 AND m.active = 1 AND {{ kept_here }}
  AND NOT EXISTS (SELECT 1 FROM alias a WHERE a.address = '%s')
  AND NOT EXISTS (SELECT 1 FROM mailbox o WHERE o.username = '%s')
  UNION ALL
  SELECT a.goto FROM alias_domain ad JOIN domain t ON t.domain = ad.alias_domain
  JOIN domain d ON d.domain = ad.target_domain JOIN alias a ON a.address = {{ twin }}
  WHERE ad.alias_domain = '%d' AND ad.active = 1 AND t.active = 1 AND d.active = 1 AND a.active = 1
  AND '%s' <> {{ at_domain }}
  AND NOT EXISTS (SELECT 1 FROM alias o WHERE o.address = '%s')
  AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.username IN ('%s', {{ twin }}))
