/** The program that loads and asks a reward function in Python, passed to the interpreter as text (`-c`). */

/**
 * Requests come in on standard input and replies go out on standard output, one JSON object a line (`functionMessages.ts`). Both are moved out
 * of the function's reach first: what it prints goes to standard error, and it reads nothing. Written for Python 3.8 and newer.
 */
export const pythonRunner = String.raw`
import asyncio, inspect, json, math, os, sys, threading, time, traceback, types

requests = os.fdopen(os.dup(0), 'r', encoding='utf-8', newline='\n')
replies = os.fdopen(os.dup(1), 'w', encoding='utf-8', newline='\n')
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)
sys.stdout = os.fdopen(1, 'w', encoding='utf-8', errors='backslashreplace', buffering=1)
MAX_TEXT = 2000


def reply(**message):
    replies.write(json.dumps(message, allow_nan=False) + '\n')
    replies.flush()


def shortened(text):
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT - 1] + '…'


def placed(error, path):
    name = os.path.basename(path)
    if isinstance(error, SyntaxError) and error.filename == path:
        return shortened(f'{type(error).__name__}: {error.msg} ({name}:{error.lineno})')
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    where = f' ({name}:{lines[-1]})' if lines else ''
    return shortened(f'{type(error).__name__}: {error}{where}')


def load(path, source):
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__file__ = path
    sys.modules[module.__name__] = module
    sys.path.insert(0, os.path.dirname(path))
    exec(compile(source, path, 'exec'), module.__dict__)
    chosen = getattr(module, 'reward', None)
    if callable(chosen):
        return chosen
    own = [value for name, value in vars(module).items()
           if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith('_')]
    if len(own) == 1:
        return own[0]
    raise LookupError(f'it defines {len(own)} public functions, and none named "reward": write "def reward(input): ..."')


def number(value):
    if isinstance(value, bool):
        return value
    if hasattr(value, 'item') and not isinstance(value, (int, float)):
        value = value.item()
    if isinstance(value, (bool, int)):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def sendable(value):
    if not isinstance(value, dict):
        return number(value)
    result = {key: shortened(str(value[key])) for key in ('status', 'reason', 'extracted') if value.get(key) is not None}
    if value.get('reward') is not None:
        result['reward'] = number(value['reward'])
        return None if result['reward'] is None else result
    return result if 'status' in result else None


def grade(function, path, id, input):
    try:
        value = function(input)
        if inspect.isawaitable(value):
            async def wait():
                return await value
            value = asyncio.run(wait())
        sent = sendable(value)
    except Exception as error:
        reply(type='threw', id=id, reason=placed(error, path))
        return
    if sent is None:
        reply(type='odd', id=id, text=shortened(repr(value))[:200])
    else:
        reply(type='graded', id=id, value=sent)


def end_with_parent(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main():
    function, path = None, ''
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    reply(type='ready')
    for line in requests:
        request = json.loads(line)
        if request['type'] == 'load':
            path = request['path']
            try:
                function = load(path, request['source'])
            except Exception as error:
                reply(type='unloadable', reason=placed(error, path))
            else:
                reply(type='loaded')
        else:
            grade(function, path, request['id'], request['input'])


main()
`;
