// A small web application that signs people in with openid-client: /login starts, /callback ends.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import * as client from 'openid-client';
import './names.mjs';

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

// Serves https://client.test:PORT. `codes` holds every code that ever arrived, `logins` every finished login.
export async function startRelyingParty({ issuer, port, clientId, clientSecret }) {
  const site = `https://client.test:${port}`;
  const redirectUri = `${site}/callback`;
  const config = await client.discovery(new URL(issuer), clientId, clientSecret);
  // Otherwise it trusts TLS and leaves the ID token's signature alone.
  client.enableNonRepudiationChecks(config);
  const open = new Map();
  const codes = [];
  const logins = [];

  async function login(query) {
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    open.set(state, { verifier, nonce });
    return client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid profile email groups offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...Object.fromEntries(query),
    });
  }

  async function callback(answer) {
    const code = answer.searchParams.get('code');
    if (code) codes.push(code);
    const error = answer.searchParams.get('error');
    if (error) return { error };
    const state = answer.searchParams.get('state');
    const expected = open.get(state);
    open.delete(state);
    if (!expected) return { error: 'this state is not known here' };
    const tokens = await client.authorizationCodeGrant(config, answer, {
      pkceCodeVerifier: expected.verifier,
      expectedNonce: expected.nonce,
      expectedState: state,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    logins.push({ claims, tokens });
    return { claims };
  }

  async function respond(request, response) {
    const url = new URL(request.url, site);
    if (url.pathname === '/login') {
      response.writeHead(303, { location: (await login(url.searchParams)).href });
      return response.end();
    }
    if (url.pathname !== '/callback') {
      response.writeHead(url.pathname === '/' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
      return response.end('<!doctype html><title>Client</title><h1>Client</h1><a href="/login">Sign in</a>');
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    const answer = new URL(request.method === 'POST' ? `${redirectUri}?${body}` : url);
    const result = await callback(answer).catch((error) => ({ error: `${error.code ?? ''} ${error.message}` }));
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    return response.end(
      `<!doctype html><title>Client</title><h1>${result.error ? 'Not signed in' : 'Signed in'}</h1>` +
        `<pre id="result">${escape(JSON.stringify(result))}</pre>`,
    );
  }

  const folder = join(process.env.PEERS_DIR, 'e2e');
  const tls = { key: readFileSync(join(folder, 'client.key')), cert: readFileSync(join(folder, 'client.crt')) };
  const server = createServer(tls, (request, response) => {
    respond(request, response).catch((error) => {
      response.writeHead(500);
      response.end(String(error.stack));
    });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    site,
    redirectUri,
    config,
    codes,
    logins,
    authorizationUrl: (parameters = {}) => login(Object.entries(parameters)),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
