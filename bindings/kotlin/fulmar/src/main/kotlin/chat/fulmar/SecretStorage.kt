package chat.fulmar

/**
 * The platform's place for secrets: the Keystore, on Android (`chat.fulmar.android.KeystoreSecrets`).
 *
 * Fulmar keeps one thing there: the key with which the tokens in its stores are sealed. It is read
 * when a client is opened, and written once in the life of an installation.
 */
public interface SecretStorage {
    /** What was saved under this name; `null` when nothing ever was. Throw when that cannot be known at
     * this moment: opening the client fails then with [OpenException.Secrets], and can be tried again. */
    public fun load(name: String): ByteArray?

    /** Saves bytes under a name, for as long as the app is installed. Throw when they were not saved. */
    public fun save(name: String, secret: ByteArray)
}

/** Whatever app code throws arrives in Rust as an answer. */
internal class GuardedSecretStorage(private val app: SecretStorage) : ForeignSecretStorage {
    override fun load(name: String): ByteArray? = guarded { app.load(name) }

    override fun save(name: String, secret: ByteArray) = guarded { app.save(name, secret) }

    private inline fun <T> guarded(call: () -> T): T = try {
        call()
    } catch (thrown: Throwable) {
        throw SecretStorageException.Unavailable(thrown.toString())
    }
}
