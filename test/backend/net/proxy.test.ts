/** Which proxy the environment names for an address. */
import { expect, it } from 'vitest';
import { proxyFor, proxyText } from '../../../backend/net/proxy.ts';

const both = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'http://plain:2' };

it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  ['https://huggingface.co/a', both, 'http://secure:1'],
  ['http://mirror.example/a', both, 'http://plain:2'],
  ['https://huggingface.co/a', { HTTP_PROXY: 'http://plain:2' }, undefined],
  ['https://huggingface.co/a', { ALL_PROXY: 'http://all:3' }, 'http://all:3'],
  ['https://huggingface.co/a', { ...both, ALL_PROXY: 'http://all:3', https_proxy: 'http://lower:4' }, 'http://lower:4'],
  ['https://huggingface.co/a', { HTTPS_PROXY: ' ' }, undefined],
  ['https://huggingface.co/a', { HTTPS_PROXY: 'proxy.example:3128' }, 'http://proxy.example:3128'],
  ['https://huggingface.co/a', {}, undefined],
  ['http://127.0.0.1:8000/v1', both, undefined],
  ['http://localhost:8000/v1', both, undefined],
  ['http://[::1]:8000/v1', both, undefined],
])('%s with %o goes through %s', (address, environment, expected) => {
  expect(proxyFor(new URL(address), environment)?.origin).toBe(expected);
});

it.each<[string, string, boolean]>([
  ['https://huggingface.co', 'huggingface.co', true],
  ['https://cdn.huggingface.co', 'huggingface.co', true],
  ['https://cdn.huggingface.co', '.huggingface.co', true],
  ['https://cdn.huggingface.co', '*.huggingface.co', true],
  ['https://nothuggingface.co', 'huggingface.co', false],
  ['https://HUGGINGFACE.co', 'other.example, HuggingFace.co', true],
  ['https://a.example', '*', true],
  ['https://a.example:8443', 'a.example:443', false],
  ['https://a.example', 'a.example:443', true],
  ['https://10.1.2.3', '10.0.0.0/8', true],
  ['https://11.1.2.3', '10.0.0.0/8', false],
  ['https://10.1.2.3', '2.3', false],
  ['https://10.1.2.3', '10.0.0.0/99', false],
  ['https://[fd00::7]', 'fd00::/8', true],
  ['https://[fd00::7]', '[fd00::7]:443', true],
  ['https://[fd00::7]', 'fd00::7', true],
  ['https://a.example', ' ,, ', false],
])('%s with NO_PROXY=%s goes directly: %s', (address, exceptions, isDirect) => {
  const chosen = proxyFor(new URL(address), { HTTPS_PROXY: 'http://proxy:1', no_proxy: exceptions });
  expect(chosen === undefined).toBe(isDirect);
});

it('refuses another kind of proxy without telling its password', () => {
  for (const value of ['socks5://user:secret@proxy:1', 'http://user:secret@']) {
    let message = '';
    try {
      proxyFor(new URL('https://a.example'), { HTTPS_PROXY: value });
    } catch (error) {
      expect(error).toMatchObject({ code: 'network.proxy' });
      message = String(error);
    }
    expect(message).toContain('HTTPS_PROXY names no proxy');
    expect(message).not.toContain('secret');
  }
  expect(proxyText(new URL('http://user:secret@proxy:1'))).toBe('http://proxy:1');
});
