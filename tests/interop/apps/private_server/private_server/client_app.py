"""No node runs this: they have a ClientApp of their own in TypeScript."""

from flwr.clientapp import ClientApp

app = ClientApp()
