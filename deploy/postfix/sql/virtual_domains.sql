  SELECT d.domain FROM domain d WHERE d.domain = '%s' AND d.active = 1 AND {{ kept_here }}
