/** Asks the chat endpoint that is named for an answer and prints it: in a process that trusts the test's certificate. */
import { httpEndpoint } from '../../../backend/critics/httpEndpoint.ts';

const [baseUrl = ''] = process.argv.slice(2);
const endpoint = httpEndpoint({ baseUrl, model: 'critic', key: () => 'the-key' });
const request = { messages: [{ role: 'user' as const, content: 'What is wrong?' }], temperature: 0, topP: null, maxTokens: 9, seed: 1 };
const { text } = await endpoint.complete(request, AbortSignal.timeout(20_000));
process.stdout.write(text);
