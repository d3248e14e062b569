

# Below is what `cargo xtask bindings` adds to the generated module: the end of the interpreter. One that ends takes
# down each thread that asks for its lock, and with a frame of Rust in its way the process dies of it. So when it ends
# no thread of the library is left, and none of Python's own is in a call that calls back.
class _FulmarGate:
    def __init__(self):
        self.changed = threading.Condition()
        self.inside = 0
        self.closed = False

    def call(self, function, *arguments):
        with self.changed:
            # A daemon thread stays here and goes with the interpreter; the main thread only lets go of things.
            while self.closed and threading.current_thread() is not threading.main_thread():
                self.changed.wait()
            self.inside += 1
        try:
            return function(*arguments)
        finally:
            with self.changed:
                self.inside -= 1
                self.changed.notify_all()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.wait_for(lambda: self.inside == 0)


_fulmar_gate = _FulmarGate()


def _fulmar_end():
    _fulmar_gate.close()
    end_all_clients()


atexit.register(_fulmar_end)
