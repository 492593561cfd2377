"""What may be asked of the runner: one module per noun, each verb a coroutine registered with `@verb`."""
