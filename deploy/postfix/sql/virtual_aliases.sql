  SELECT a.goto FROM alias a JOIN domain d ON d.domain = a.domain
  WHERE a.address = '%s' AND a.active = 1 AND d.active = 1
  AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.username = a.address AND m.active = 0)
  UNION ALL
  SELECT {{ without_itself }} FROM alias a JOIN domain d ON d.domain = a.domain
  WHERE a.address = '%s' AND a.active = 1 AND d.active = 1 AND {{ without_itself }} <> ''
  AND EXISTS (SELECT 1 FROM mailbox m WHERE m.username = a.address AND m.active = 0)
  UNION ALL
  SELECT m.username FROM mailbox m JOIN domain d ON d.domain = m.domain
  WHERE m.username = '%s' AND m.active = 1 AND d.active = 1
  AND NOT EXISTS (SELECT 1 FROM alias a WHERE a.address = m.username AND a.active = 1)
  UNION ALL
  SELECT CASE WHEN '%s' = {{ at_domain }} THEN (SELECT a.goto FROM alias a WHERE a.address = {{ twin }})
  ELSE {{ twin }} END
  FROM alias_domain ad JOIN domain d ON d.domain = ad.alias_domain JOIN domain t ON t.domain = ad.target_domain
  WHERE ad.alias_domain = '%d' AND ad.active = 1 AND d.active = 1 AND t.active = 1
  AND NOT EXISTS (SELECT 1 FROM alias a WHERE a.address = '%s')
  AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.username = '%s')
  AND (EXISTS (SELECT 1 FROM mailbox m WHERE m.username = {{ twin }} AND m.active = 1)
  OR EXISTS (SELECT 1 FROM alias a WHERE a.address = {{ twin }} AND a.active = 1 AND ({{ without_itself }} <> ''
  OR NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.username = a.address))))
