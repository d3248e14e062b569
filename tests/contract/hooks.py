"""What the tester has to be told: the body that continues an upload is plain octets."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
