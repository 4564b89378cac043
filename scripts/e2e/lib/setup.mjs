// The configurations that the tests run the issuer with.
import { join } from 'node:path';
import { hashPassword, peer } from './issuer.mjs';

// Local users of every configuration here; the password is "password-" and the user name.
export function localUsers() {
  return [
    {
      email: 'ada@example.org',
      username: 'ada',
      name: 'Ada Lovelace',
      userID: '7d0e1a3c-5b52-4f0c-9a39-0d6f6a1b2c3d',
      hash: hashPassword('password-ada'),
      groups: ['mathematics'],
    },
  ];
}

// The directory of scripts/peers/slapd, over StartTLS.
export function directory() {
  const ldap = peer('slapd');
  return {
    type: 'ldap',
    id: 'ldap',
    name: 'Company directory',
    config: {
      host: ldap.LDAP_HOST,
      startTLS: true,
      rootCA: ldap.LDAP_CA,
      bindDN: ldap.LDAP_BIND_DN,
      bindPW: ldap.LDAP_BIND_PASSWORD,
      usernamePrompt: 'User name',
      userSearch: {
        baseDN: `ou=people,${ldap.LDAP_BASE}`,
        filter: '(objectClass=inetOrgPerson)',
        username: 'uid',
        idAttr: 'uid',
        emailAttr: 'mail',
        nameAttr: 'cn',
        preferredUsernameAttr: 'uid',
      },
      groupSearch: {
        baseDN: `ou=groups,${ldap.LDAP_BASE}`,
        filter: '(objectClass=groupOfNames)',
        userMatchers: [{ userAttr: 'DN', groupAttr: 'member', recursionGroupAttr: 'member' }],
        nameAttr: 'cn',
      },
    },
  };
}

export function httpsConfig({ port, redirectUri, clientSecret }) {
  const folder = join(process.env.PEERS_DIR, 'e2e');
  return {
    issuer: `https://issuer.test:${port}`,
    storage: { type: 'sqlite3', config: { file: 'issuer.sqlite' } },
    web: {
      https: `127.0.0.1:${port}`,
      tlsCert: join(folder, 'issuer.crt'),
      tlsKey: join(folder, 'issuer.key'),
    },
    // The shortest that is allowed: one test waits for it.
    expiry: { authRequests: '1m' },
    staticClients: [{ id: 'portal', name: 'Portal', secret: clientSecret, redirectURIs: [redirectUri] }],
    enablePasswordDB: true,
    staticPasswords: localUsers(),
    connectors: [directory()],
  };
}
