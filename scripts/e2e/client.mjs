// openid-client, unchanged, against the issuer on http loopback: discover, sign in, verify, refresh, UserInfo.
import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import { Agent } from './lib/agent.mjs';
import { run } from './lib/check.mjs';
import { startIssuer } from './lib/issuer.mjs';
import { freePort } from './lib/names.mjs';
import { localUsers } from './lib/setup.mjs';

const port = await freePort();
const redirectUri = 'http://127.0.0.1:5555/callback';
const secret = randomBytes(32).toString('base64url');
const issuer = await startIssuer({
  issuer: `http://127.0.0.1:${port}`,
  storage: { type: 'memory' },
  web: { http: `127.0.0.1:${port}` },
  oauth2: { skipApprovalScreen: true },
  staticClients: [
    { id: 'portal', name: 'Portal', secret, redirectURIs: [redirectUri] },
    { id: 'tool', name: 'Tool', public: true, redirectURIs: [redirectUri] },
  ],
  enablePasswordDB: true,
  staticPasswords: localUsers(),
});

const atClient = (url) => url.href.startsWith(redirectUri);

// A configuration that verifies signatures too, instead of trusting the connection alone.
async function discover(id, authentication) {
  const config = await client.discovery(new URL(issuer.url), id, undefined, authentication, {
    execute: [client.allowInsecureRequests],
  });
  client.enableNonRepudiationChecks(config);
  return config;
}

// Signs ada in and returns the address that the client is called at, with what the client must remember.
async function signIn(config, parameters = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedNonce: client.randomNonce(), expectedState: client.randomState() };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email groups offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce: checks.expectedNonce,
    state: checks.expectedState,
    ...parameters,
  });
  const agent = new Agent();
  const form = await agent.open(url, atClient);
  const answer = form.left ? form : await agent.submit(form, atClient, { username: 'ada', password: 'password-ada' });
  if (!answer.left) throw new Error(`stayed at ${answer.url}, status ${answer.status}: ${/<main>.*<\/main>/s.exec(answer.html)}`);
  return { answer: answer.left, checks };
}

async function tokens(config, parameters) {
  const { answer, checks } = await signIn(config, parameters);
  return client.authorizationCodeGrant(config, answer, { ...checks, idTokenExpected: true });
}

// Changes one answer of the issuer on its way to the client.
function tamper(config, change) {
  config[client.customFetch] = async (url, options) => {
    const answer = await fetch(url, options);
    if (!url.endsWith('/token')) return answer;
    const body = change(await answer.json());
    return new Response(JSON.stringify(body), { status: answer.status, headers: { 'content-type': 'application/json' } });
  };
}

const segments = (token) => token.split('.');
const decode = (segment) => JSON.parse(Buffer.from(segment, 'base64url').toString());
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const methods = {
  client_secret_basic: ['portal', client.ClientSecretBasic(secret)],
  client_secret_post: ['portal', client.ClientSecretPost(secret)],
  none: ['tool', client.None()],
};

const forgeries = {
  'a claim': (token) => {
    const [header, payload, signature] = segments(token);
    return [header, encode({ ...decode(payload), groups: ['admins'] }), signature].join('.');
  },
  'one bit of the signature': (token) => {
    const [header, payload, signature] = segments(token);
    const bytes = Buffer.from(signature, 'base64url');
    bytes[0] ^= 1;
    return [header, payload, bytes.toString('base64url')].join('.');
  },
  'the algorithm to none': (token) => {
    const [header, payload] = segments(token);
    return [encode({ ...decode(header), alg: 'none' }), payload, ''].join('.');
  },
  'the key id': (token) => {
    const [header, payload, signature] = segments(token);
    return [encode({ ...decode(header), kid: 'unknown' }), payload, signature].join('.');
  },
};

await run([
  ['discovery says what the issuer does', async (check) => {
    const metadata = (await discover(...methods.none)).serverMetadata();
    check.equal(metadata.issuer, issuer.url);
    check.ok(metadata.supportsPKCE());
    check.equal(metadata.authorization_response_iss_parameter_supported, true);
    const other = await client.discovery(new URL(issuer.url), 'tool', undefined, client.None(), {
      algorithm: 'oauth2',
      execute: [client.allowInsecureRequests],
    });
    check.equal(other.serverMetadata().token_endpoint, metadata.token_endpoint);
  }],

  ...Object.entries(methods).map(([method, [id, authentication]]) => [
    `${method}: signs in, verifies, reads UserInfo, refreshes`,
    async (check) => {
      const config = await discover(id, authentication);
      const first = await tokens(config);
      const claims = first.claims();
      check.equal([claims.name, claims.email, claims.groups], ['Ada Lovelace', 'ada@example.org', ['mathematics']]);
      check.ok(first.expires_in > 0 && first.token_type === 'bearer');
      const info = await client.fetchUserInfo(config, first.access_token, claims.sub);
      check.equal([info.name, info.groups], [claims.name, claims.groups]);

      const second = await client.refreshTokenGrant(config, first.refresh_token);
      check.equal(second.claims().sub, claims.sub);
      check.equal(second.claims().auth_time, claims.auth_time);
      check.ok(second.access_token !== first.access_token && second.refresh_token !== first.refresh_token);
      check.equal((await client.fetchUserInfo(config, second.access_token, claims.sub)).sub, claims.sub);
      const third = await client.refreshTokenGrant(config, second.refresh_token);
      check.ok(third.refresh_token !== second.refresh_token);
      // Two generations old: somebody else has it too, so the whole grant ends.
      await check.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: 'invalid_grant' });
      await check.rejects(client.refreshTokenGrant(config, third.refresh_token), { error: 'invalid_grant' });
      await check.rejects(client.fetchUserInfo(config, third.access_token, claims.sub), (error) => {
        check.match(String(error.cause?.[0]?.parameters?.error ?? error.message), /invalid_token|unauthorized/i);
        return true;
      });
    },
  ]),

  ...Object.entries(forgeries).map(([what, forge]) => [
    `an ID token that changed ${what} is refused by the client`,
    async (check) => {
      const config = await discover(...methods.client_secret_basic);
      check.ok((await tokens(config)).id_token);
      tamper(config, (body) => ({ ...body, id_token: forge(body.id_token) }));
      await check.rejects(tokens(config));
    },
  ]),

  ...Object.entries(forgeries).map(([what, forge]) => [
    `an access token that changed ${what} is refused by UserInfo`,
    async (check) => {
      const config = await discover(...methods.client_secret_basic);
      const { access_token } = await tokens(config);
      const asked = (token) => fetch(`${issuer.url}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
      const refused = await asked(forge(access_token));
      check.equal(refused.status, 401);
      check.match(refused.headers.get('www-authenticate'), /^Bearer.*error="invalid_token"/);
      check.equal((await asked(access_token)).status, 200);
    },
  ]),

  ['an answer of another issuer is refused by the client', async (check) => {
    const config = await discover(...methods.client_secret_basic);
    const { answer, checks } = await signIn(config);
    answer.searchParams.set('iss', 'http://127.0.0.1:1');
    await check.rejects(client.authorizationCodeGrant(config, answer, checks));
    answer.searchParams.set('iss', issuer.url);
    check.ok((await client.authorizationCodeGrant(config, answer, checks)).id_token);
  }],

  ['an answer to another request is refused by the client', async (check) => {
    const config = await discover(...methods.client_secret_basic);
    const { answer, checks } = await signIn(config);
    await check.rejects(client.authorizationCodeGrant(config, answer, { ...checks, expectedState: 'another' }));
  }],

  ['a code works once', async (check) => {
    const config = await discover(...methods.none);
    const { answer, checks } = await signIn(config);
    check.ok((await client.authorizationCodeGrant(config, answer, checks)).access_token);
    await check.rejects(client.authorizationCodeGrant(config, answer, checks), { error: 'invalid_grant' });
  }],

  ['a wrong client secret is refused', async (check) => {
    const config = await discover('portal', client.ClientSecretBasic('wrong'));
    await check.rejects(tokens(config), { status: 401 });
  }],

  // OA-25
  ['no parameter says where our own pages lead', async (check) => {
    const config = await discover(...methods.none);
    for (const evil of ['https://evil.test/', '//evil.test', '/\\evil.test', '/%5cevil.test', '/\t/evil.test', 'https:evil.test']) {
      const names = ['back', 'next', 'return_to', 'redirect', 'continue', 'locale', 'theme', 'logout'];
      const parameters = Object.fromEntries(names.map((name) => [name, evil]));
      const { answer, checks } = await signIn(config, parameters);
      check.ok(!answer.href.includes('evil'), answer.href);
      check.ok((await client.authorizationCodeGrant(config, answer, checks)).id_token);
      const page = await fetch(client.buildAuthorizationUrl(config, parameters), { headers: { referer: 'https://evil.test/' } });
      check.equal([page.status, page.headers.get('location')], [400, null]);
      check.ok(!(await page.text()).includes('evil'));
    }
  }],

  ['a wrong password stays on the form', async (check) => {
    const config = await discover(...methods.none);
    const agent = new Agent();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid',
      code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    });
    const form = await agent.open(url, atClient);
    const again = await agent.submit(form, atClient, { username: 'ada', password: 'wrong' });
    check.equal(again.status, 401);
    check.match(again.html, /Your user name or password is wrong\./);
    check.ok((await agent.submit(again, atClient, { username: 'ada', password: 'password-ada' })).left);
  }],

  ['asked to stop, the issuer ends in order', async (check) => check.equal(await issuer.stop(), 0)],
], issuer.log);
process.exit();
