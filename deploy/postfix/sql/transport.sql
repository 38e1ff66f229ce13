  SELECT d.transport FROM domain d WHERE d.domain = '%s' AND d.active = 1 AND d.transport NOT IN ('', 'virtual')
