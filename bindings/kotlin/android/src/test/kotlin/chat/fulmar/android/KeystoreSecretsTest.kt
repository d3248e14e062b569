package chat.fulmar.android

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.io.File
import java.security.KeyStoreException
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], manifest = Config.NONE)
class KeystoreSecretsTest {
    @get:Rule
    val temporary = TemporaryFolder()

    private fun newKey(): SecretKey = KeyGenerator.getInstance("AES").apply { init(256) }.generateKey()

    @Test
    fun `what was saved is loaded, and is not in the file`() {
        val (folder, key, secret) = Triple(temporary.newFolder(), newKey(), "a secret".encodeToByteArray())
        val secrets = KeystoreSecrets(folder) { key }
        assertNull(secrets.load("name"))
        secrets.save("name", secret)
        assertArrayEquals(secret, KeystoreSecrets(folder) { key }.load("name"))
        assertFalse(File(folder, "name").readText().contains("a secret"))
        secrets.save("name", "another".encodeToByteArray())
        assertArrayEquals("another".encodeToByteArray(), secrets.load("name"))
    }

    @Test
    fun `a lost key, another file or a damaged one is as if nothing was saved`() {
        val (folder, key) = temporary.newFolder() to newKey()
        val secrets = KeystoreSecrets(folder) { key }
        secrets.save("name", "a secret".encodeToByteArray())
        assertNull(KeystoreSecrets(folder) { newKey() }.load("name"))
        File(folder, "name").copyTo(File(folder, "other"))
        assertNull(secrets.load("other"))
        File(folder, "name").writeBytes(byteArrayOf(1, 2, 3))
        assertNull(secrets.load("name"))
    }

    @Test
    fun `a keystore that cannot be asked now is an error, and nothing is lost`() {
        val (folder, key) = temporary.newFolder() to newKey()
        KeystoreSecrets(folder) { key }.save("name", "a secret".encodeToByteArray())
        val locked = KeystoreSecrets(folder) { throw KeyStoreException("locked") }
        assertThrows(KeyStoreException::class.java) { locked.load("name") }
        assertThrows(KeyStoreException::class.java) { locked.save("name", byteArrayOf(1)) }
        assertArrayEquals("a secret".encodeToByteArray(), KeystoreSecrets(folder) { key }.load("name"))
    }
}
